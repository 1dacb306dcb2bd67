/** Reads an encoded model with onnx-buf, which knows nothing of our encoder. */
import { fromBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema, TensorProto_DataType, type ValueInfoProto } from "onnx-buf";

export interface ReadModel {
  readonly irVersion: number;
  readonly opset: number;
  readonly nodes: readonly {
    readonly type: string;
    readonly domain: string;
    readonly inputs: readonly string[];
    readonly outputs: readonly string[];
    readonly attributes: Record<string, number | string | number[]>;
  }[];
  /** Shapes of the float32 inputs and outputs, by name. */
  readonly inputs: Record<string, number[]>;
  readonly outputs: Record<string, number[]>;
  readonly initializers: readonly {
    readonly name: string;
    readonly shape: number[];
    readonly values: number[];
  }[];
}

export function readModel(bytes: Uint8Array): ReadModel {
  const model = fromBinary(ModelProtoSchema, bytes);
  const graph = model.graph!;
  return {
    irVersion: Number(model.irVersion),
    opset: Number(model.opsetImport[0]!.version),
    nodes: graph.node.map((node) => ({
      type: node.opType,
      domain: node.domain,
      inputs: node.input,
      outputs: node.output,
      attributes: Object.fromEntries(
        node.attribute.map((attribute) => {
          const values = [
            undefined,
            attribute.f,
            Number(attribute.i),
            new TextDecoder().decode(attribute.s),
          ];
          return [attribute.name, values[attribute.type] ?? attribute.ints.map(Number)];
        }),
      ),
    })),
    inputs: Object.fromEntries(graph.input.map(nameAndShape)),
    outputs: Object.fromEntries(graph.output.map(nameAndShape)),
    initializers: graph.initializer.map(({ name, dims, dataType, rawData }) => {
      const raw = rawData.slice().buffer;
      const values =
        dataType === TensorProto_DataType.FLOAT
          ? [...new Float32Array(raw)]
          : [...new BigInt64Array(raw)].map(Number);
      return { name, shape: dims.map(Number), values };
    }),
  };
}

/** How often each type of node occurs. */
export function countTypes({ nodes }: ReadModel): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { type } of nodes) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
}

/** No dimensions where the shape is not said. */
function nameAndShape(info: ValueInfoProto): [string, number[]] {
  const type = info.type!.value;
  if (type.case !== "tensorType" || type.value.elemType !== TensorProto_DataType.FLOAT)
    throw new Error(`${info.name} is not a float32 tensor`);
  return [info.name, (type.value.shape?.dim ?? []).map(({ value }) => Number(value.value))];
}
