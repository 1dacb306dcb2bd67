/** The addresses of the API. */

const base = "/api/v1";

export const paths = {
  jobs: `${base}/jobs`,
  job: (id: string) => `${base}/jobs/${encodeURIComponent(id)}`,
  events: (id: string) => `${base}/jobs/${encodeURIComponent(id)}/events`,
  result: (id: string, index: number) => `${base}/jobs/${encodeURIComponent(id)}/results/${index}`,
  task: (task: string) => `${base}/${task}`,
  pictures: `${base}/pictures`,
  models: `${base}/models`,
  health: `${base}/health`,
  folder: `${base}/folder`,
  folderPhoto: (id: string) => `${base}/folder/${encodeURIComponent(id)}`,
  openapi: "/openapi.json",
} as const;
