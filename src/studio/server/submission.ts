/** From a request to the work it asks for: what can be refused before a pixel is decoded is. */
import { randomInt } from "node:crypto";
import { UsageError } from "../../util/errors.ts";
import { answerSize, expectedSteps } from "../restoring/tasks.ts";
import type { RestoreWork } from "./executor.ts";
import type { Limits } from "./limits.ts";
import type { ServedModels } from "./models.ts";
import { checkPicture, checkPixels } from "./picture-check.ts";
import { HttpProblem } from "./problem.ts";
import type { JobRequest } from "./read-request.ts";

/** @throws HttpProblem or PaletteError naming the first thing that is wrong */
export async function submissionOf(
  { task, image, mask, options }: JobRequest,
  models: ServedModels,
  { pixels }: Pick<Limits, "pixels">,
): Promise<{ work: RestoreWork; model: string }> {
  const { folder, model } = models.get(options.model);
  if (options.sampler !== undefined && !model.samplers.includes(options.sampler)) {
    throw new HttpProblem(422, `There is no such sampler; they are ${model.samplers.join(", ")}.`);
  }
  if (task === "inpaint" && mask === undefined) {
    throw new UsageError("inpaint needs a mask: a picture that is white where it is filled.");
  }
  const size = await checkPicture(image, "The image", pixels);
  if (mask !== undefined) await checkPicture(mask, "The mask", pixels);
  const { samples = 1 } = options;
  const answer = answerSize(task, size, options, model);
  checkPixels(answer.width, answer.height, "The answer", pixels);
  checkPixels(answer.width, answer.height * samples, "All answers together", 4 * pixels);
  const seed = options.seed ?? randomInt(2 ** 31);
  const steps = expectedSteps(task, options, model);
  const work = { task, image, model: folder, options: { ...options, seed }, steps };
  return { work: mask === undefined ? work : { ...work, mask }, model: model.name };
}
