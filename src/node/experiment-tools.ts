/**
 * What answers and measures in an experiment: the network of a training, the feature extractors and
 * the crops of a protocol. One of each is held, as the jobs come in such an order.
 */
import { join } from "node:path";
import {
  disposeExtractors,
  type FeatureExtractors,
} from "../evaluation/features/extract-features.ts";
import { CropSource } from "../evaluation/protocol/crops.ts";
import { SetMeasurer } from "../experiment/measure-set.ts";
import { type PlannedSet, type Protocol, trainingId } from "../experiment/planned.ts";
import { createNetwork, type Network } from "../runtime/network.ts";
import { nodeRuntime } from "../runtime/node/index.ts";
import type { Device } from "../runtime/runtime.ts";
import { omitUndefined } from "../util/omit-undefined.ts";
import { photoFiles } from "./codec.ts";
import type { ExperimentFolder } from "./experiment-folder.ts";
import { type ChosenNetworks, featureFiles, openFeatureExtractors } from "./feature-networks.ts";
import { openModel } from "./model-folder.ts";

export interface ToolOptions {
  readonly threads: number;
  readonly device?: Device;
  readonly networks: ChosenNetworks;
}

export interface ProtocolOptions {
  readonly signal?: AbortSignal;
  /** Told how many pictures of a set were looked at. */
  readonly onPicture?: (done: number, total: number) => void;
}

/** Crops, and what measures answers to them. */
interface OpenProtocol {
  readonly key: string;
  readonly crops: CropSource;
  readonly measurer: SetMeasurer;
}

export class ExperimentTools {
  private readonly folder: ExperimentFolder;
  private readonly options: ToolOptions;
  private extractors: FeatureExtractors | undefined;
  private protocol: OpenProtocol | undefined;
  /** The model that answered last: its other sets come next. */
  private answering: { readonly id: string; readonly network: Network } | undefined;

  constructor(folder: ExperimentFolder, options: ToolOptions) {
    this.folder = folder;
    this.options = options;
  }

  /** The network that answers a set, from the run folder of its training. */
  async openModel(source: PlannedSet["source"]): Promise<Network> {
    if (typeof source === "string") throw new Error("no model answers this set");
    const id = trainingId(source);
    if (this.answering?.id !== id) {
      await this.closeModel();
      const { threads, device } = this.options;
      const model = await openModel(join(this.folder.runFolder(source), "model"));
      const network = await createNetwork(nodeRuntime, model, omitUndefined({ threads, device }));
      this.answering = { id, network };
    }
    return this.answering.network;
  }

  async closeModel(): Promise<void> {
    await this.answering?.network.dispose();
    this.answering = undefined;
  }

  /** Crops and reference of a protocol. */
  async protocolOf(
    protocol: Protocol,
    { signal, onPicture }: ProtocolOptions,
  ): Promise<OpenProtocol> {
    if (this.protocol?.key === protocol.key) return this.protocol;
    const { networks, threads } = this.options;
    this.extractors ??= {
      ...(await openFeatureExtractors(omitUndefined({ features: networks.features }), threads)),
      store: featureFiles(join(this.folder.path, "features")),
    };
    const { key, photos, resolution, cropScale, seed, crops: evaluated, referenceCrops } = protocol;
    const crops = new CropSource({
      ...{ reader: photoFiles, photos, resolution, seed },
      ...{ kind: "random", scale: cropScale },
      counts: { evaluated, reference: referenceCrops },
    });
    let looked = 0;
    const measurer = new SetMeasurer(protocol, {
      ...{ crops, extractors: this.extractors },
      ...omitUndefined({ signal }),
      onPicture: () => onPicture?.(++looked % evaluated, evaluated),
    });
    this.protocol = { key, crops, measurer };
    return this.protocol;
  }

  async dispose(): Promise<void> {
    await this.closeModel();
    if (this.extractors) await disposeExtractors(this.extractors);
    this.extractors = undefined;
    this.protocol = undefined;
  }
}
