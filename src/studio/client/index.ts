/** `palette-diffusion/client`: the studio's HTTP API, in Node and in browsers. */
export type {
  Folder,
  FolderEntry,
  Health,
  Job,
  JobEvent,
  JobResult,
  Problem,
  Save,
} from "../api/messages.ts";
export type { FolderQuery, ResultFormat, ResultQuery } from "../api/options.ts";
export { paths } from "../api/paths.ts";
export {
  type Margins,
  type RestoreRequest,
  type StudioModel,
  type StudioOptions,
  type StudioTask,
  studioTasks,
} from "../web/restorer.ts";
export { ApiError } from "./api-error.ts";
export {
  type CallOptions,
  type EventOptions,
  StudioClient,
  type StudioClientOptions,
} from "./studio-client.ts";
