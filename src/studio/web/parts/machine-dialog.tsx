/** Of a page that restores by itself: where it computes, the models it has, what it keeps. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { useStudio } from "../context.ts";
import { text } from "../i18n/index.ts";
import { forgetEverything, keptBytes } from "../local/kept.ts";
import type { DeviceState, LocalStudio } from "../local/local-studio.ts";
import type { ShelfModel } from "../local/shelf.ts";
import { fetchingText, megabytes } from "../state/megabytes.ts";
import { Button, Group, Segments } from "./controls.tsx";
import { DialogWindow } from "./dialog.tsx";

interface Props {
  readonly local: LocalStudio;
}

export function MachineDialog({ local }: Props) {
  const t = text.value.local;
  return (
    <DialogWindow title={t.title}>
      <Device local={local} />
      <Group title={t.models}>
        <ul class="shelf">
          {local.models.value.map((model) => (
            <Model key={model.name} local={local} model={model} />
          ))}
        </ul>
      </Group>
      <AddModel local={local} />
      <Kept />
    </DialogWindow>
  );
}

const wishes = ["auto", "webgpu", "cpu"] as const;

function Device({ local }: Props) {
  const studio = useStudio();
  const t = text.value.local;
  const state = local.device.value;
  const choose = (wish: DeviceState["wish"]) => {
    local.wish(wish).catch((error) => studio.notices.fail(error));
  };
  return (
    <Group title={t.where}>
      <Segments
        label={t.where}
        value={state.wish}
        choices={wishes.map((value) => ({ value, label: t.wishes[value] }))}
        onChange={choose}
      />
      <p class="help" role="status">
        {deviceText(state)}
      </p>
      {state.choice?.adapter !== undefined && state.choice.device === "cpu" && (
        <Button kind="quiet" label={t.tryAgain} onClick={() => choose("auto")} />
      )}
    </Group>
  );
}

function deviceText({ choice }: DeviceState): string {
  const t = text.value.local;
  if (choice === undefined) return t.untried;
  const { device, why, threads, adapter } = choice;
  const gpu = [adapter?.vendor, adapter?.architecture].filter(Boolean).join(" ");
  const where = device === "webgpu" ? t.devices.webgpu(gpu) : t.devices.cpu(threads);
  return `${where} ${t.reasons[why]}`;
}

function Model({ local, model }: Props & { readonly model: ShelfModel }) {
  const t = text.value.local;
  const { name, config, bytes, kept, origin } = model;
  const state = kept ? t.kept : origin === "site" ? t.notKept : t.inMemory;
  return (
    <li>
      <span>
        <strong>{name}</strong>
        <small>
          {t.about(config.network.resolution, megabytes(bytes))}, {state}
        </small>
      </span>
      {kept && (
        <button
          type="button"
          class="button quiet"
          aria-label={t.forget(name)}
          onClick={() => void local.forget(model)}
        >
          {t.forgetShort}
        </button>
      )}
    </li>
  );
}

function AddModel({ local }: Props) {
  const studio = useStudio();
  const t = text.value.local;
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const arrival = local.arrival.value;
  const opened = (event: { currentTarget: HTMLInputElement }) => {
    const chosen = [...(event.currentTarget.files ?? [])];
    event.currentTarget.value = "";
    if (chosen.length > 0) void studio.addModel((each) => each.addFiles(chosen));
  };
  return (
    <Group title={t.add}>
      <form
        class="add-model"
        onSubmit={(event) => {
          event.preventDefault();
          const address = new FormData(event.currentTarget).get("model");
          if (typeof address !== "string") return;
          void studio.addModel((each) => each.addAddress(address));
        }}
      >
        <input type="url" name="model" required placeholder="https://" aria-label={t.address} />
        <button type="submit" class="button" disabled={arrival !== undefined}>
          {t.fetch}
        </button>
      </form>
      <div class="add-model">
        <Button icon="open" label={t.files} onClick={() => files.current?.click()} />
        <Button icon="batch" label={t.folder} onClick={() => folder.current?.click()} />
      </div>
      <input
        ref={files}
        type="file"
        name="model-files"
        accept=".zip,.json,.safetensors"
        multiple
        hidden
        aria-label={t.files}
        onChange={opened}
      />
      <input
        ref={(input) => {
          folder.current = input;
          if (input !== null) input.webkitdirectory = true;
        }}
        type="file"
        multiple
        hidden
        aria-label={t.folder}
        onChange={opened}
      />
      {arrival !== undefined && <ArrivalProgress {...arrival} />}
      <p class="help">{t.addHelp}</p>
    </Group>
  );
}

function ArrivalProgress({ done, total }: { done?: number; total?: number | undefined }) {
  const state = done === undefined ? text.value.local.opening : fetchingText({ done, total });
  return (
    <>
      <p class="progress-text" role="status">
        {state}
      </p>
      <progress aria-label={state} value={done !== undefined && total ? done / total : undefined} />
    </>
  );
}

function Kept() {
  const t = text.value.local;
  const bytes = useSignal<number | undefined>(undefined);
  useEffect(() => {
    void keptBytes().then((found) => {
      bytes.value = found;
    });
  }, [bytes]);
  return (
    <section class="group">
      {bytes.value !== undefined && <p class="help">{t.keeps(megabytes(bytes.value))}</p>}
      <Button kind="quiet" label={t.forgetAll} onClick={() => void forgetEverything()} />
    </section>
  );
}
