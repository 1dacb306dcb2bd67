/** `--network`: a network that no preset has. */
import { Option } from "commander";

export function networkOption(): Option {
  return new Option(
    "--network <json>",
    "another network: its configuration as JSON, or a file of it",
  );
}
