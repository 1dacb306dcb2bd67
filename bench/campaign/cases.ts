/** What a case is, and which kinds there are. Case 17 of a kind is a function of the seed. */
import { Random } from "../../src/util/random.ts";
import { checkpoint } from "./kinds/checkpoint.ts";
import { commandLine } from "./kinds/command-line.ts";
import { config } from "./kinds/config.ts";
import { mask } from "./kinds/mask.ts";
import { photo } from "./kinds/photo.ts";
import { runFolder } from "./kinds/run-folder.ts";
import { safetensors } from "./kinds/safetensors.ts";

/** A function of the library, called with the path of a file. */
export interface LibraryCall {
  readonly name: "readImage" | "readMask" | "readPhoto" | "importNetwork" | "loadModel";
  readonly path: string;
  /** Hands over the bytes instead of the path. */
  readonly bytes?: boolean;
}

export interface Case {
  /** What is odd about it, in a few words. */
  readonly what: string;
  readonly run: { readonly argv: readonly string[] } | { readonly call: LibraryCall };
  /** The exit codes that are right: 0 done, 1 refused, 2 called wrongly. */
  readonly codes: readonly number[];
  /** What the command may change among the files that it is given. */
  readonly mayChange?: readonly string[];
}

/** Where a case is made. */
export interface Place {
  /** An empty folder, the working folder of the command. */
  readonly room: string;
  /** The path of a specimen. */
  specimen(name: string): string;
}

export interface CaseKind {
  readonly name: string;
  readonly title: string;
  /** Cases of 10,000. */
  readonly share: number;
  make(random: Random, place: Place): Promise<Case>;
}

export const kinds: readonly CaseKind[] = [
  photo,
  mask,
  checkpoint,
  safetensors,
  config,
  runFolder,
  commandLine,
];

/** One case of a campaign. */
export interface CaseId {
  readonly kind: string;
  readonly number: number;
}

/** Case `number` of a kind, its files written into the room. */
export function makeCase(seed: number, { kind, number }: CaseId, place: Place): Promise<Case> {
  const found = kinds.find(({ name }) => name === kind);
  if (found === undefined) throw new Error(`There is no kind of case "${kind}".`);
  return found.make(Random.from(seed, "campaign", kind, number), place);
}

/** `count` cases, the kinds by their shares and mixed evenly. */
export function casesOf(count: number, only: readonly string[] = []): CaseId[] {
  const among = kinds.filter(({ name }) => only.length === 0 || only.includes(name));
  const all = among.reduce((sum, { share }) => sum + share, 0);
  const placed = among.flatMap(({ name, share }) => {
    const cases = Math.round((count * share) / all);
    return Array.from({ length: cases }, (_, number) => ({
      id: { kind: name, number },
      at: (number + 0.5) / cases,
    }));
  });
  return placed.sort((a, b) => a.at - b.at).map(({ id }) => id);
}
