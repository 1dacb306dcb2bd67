/** What requests may hold. */
import { z } from "zod";
import type { Ballot, ConsentMessage } from "../api.ts";
import { sides } from "../design.ts";

export const consentSchema: z.ZodType<ConsentMessage> = z.strictObject({
  language: z.string().max(35).optional(),
});

const milliseconds = z.number().min(0).max(86_400_000);

export const ballotSchema: z.ZodType<Ballot> = z.strictObject({
  name: z.string().max(100),
  side: z.enum(sides),
  reaction: milliseconds,
  shown: milliseconds,
  frames: z.int().min(0).max(1_000_000),
  interrupted: z.boolean(),
});
