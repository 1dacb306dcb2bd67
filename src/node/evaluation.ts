/** `palette-diffusion/evaluation` under Node: models, photos and reports are folders. */

export * from "../evaluation/index.ts";
export {
  compareFolders,
  evaluate,
  evaluateShard,
  type FolderEvaluation,
  type FolderEvaluationOptions,
  type FolderEvaluationRequest,
  planEvaluation,
  type ShardOutcome,
} from "./evaluate.ts";
export {
  type EvaluationFolder,
  type EvaluationFolderOptions,
  openEvaluationFolder,
} from "./evaluation-folder.ts";
export {
  type ChosenNetworks,
  chooseNetworks,
  type FoundNetwork,
  findNetworks,
  type NetworkChoice,
  openFoundNetwork,
} from "./feature-networks.ts";
