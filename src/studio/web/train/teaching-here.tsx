/** Teaching in a page that restores by itself. */
import { computed } from "@preact/signals";
import { useStudio } from "../context.ts";
import type { LocalStudio } from "../local/local-studio.ts";
import { inCharge } from "../local/offline.ts";
import type { Teaching } from "../teaching.ts";
import { TrainPanel } from "./train-panel.tsx";
import { Trainer } from "./trainer.ts";

export function teachingHere(local: LocalStudio): Teaching {
  const models = computed(() =>
    local.models.value.flatMap(({ name, config, place }) =>
      // What lies in the memory of the worker that restores cannot be had in another.
      "opened" in place ? [] : [{ name, config, place }],
    ),
  );
  const trainer = new Trainer({
    models,
    device: async () => (await local.deviceChoice()).device,
    ready: inCharge,
  });

  function Panel() {
    const studio = useStudio();
    return (
      <TrainPanel
        trainer={trainer}
        use={(files) => studio.addModel((page) => page.addFiles(files))}
      />
    );
  }

  return { Panel, take: (files) => trainer.add(files) };
}
