/** The controls that the panels are made of. */
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { Icon, type IconName } from "./icons.tsx";

interface ButtonProps {
  readonly label: string;
  readonly onClick: () => void;
  readonly icon?: IconName;
  readonly kind?: "primary" | "quiet" | "plain";
  readonly disabled?: boolean;
  /** Shown in the title, such as "Ctrl+Z". */
  readonly keys?: string;
  readonly pressed?: boolean;
  readonly name?: string;
}

export function Button({
  label,
  onClick,
  icon,
  kind = "plain",
  disabled,
  keys,
  pressed,
  name,
}: ButtonProps) {
  return (
    <button
      type="button"
      name={name}
      class={`button ${kind}`}
      disabled={disabled ?? false}
      aria-pressed={pressed}
      title={keys === undefined ? undefined : `${label} (${keys})`}
      onClick={onClick}
    >
      {icon !== undefined && <Icon name={icon} />}
      <span>{label}</span>
    </button>
  );
}

/** A button that shows its icon alone. */
export function IconButton({
  label,
  icon,
  onClick,
  disabled,
  keys,
  pressed,
}: ButtonProps & { readonly icon: IconName }) {
  return (
    <button
      type="button"
      class="icon-button"
      disabled={disabled ?? false}
      aria-label={label}
      aria-pressed={pressed}
      title={keys === undefined ? label : `${label} (${keys})`}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}

interface Choice<T> {
  readonly value: T;
  readonly label: string;
  readonly icon?: IconName;
  readonly keys?: string;
}

interface SegmentsProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly choices: readonly Choice<T>[];
  readonly onChange: (value: T) => void;
}

/** One of a few. */
export function Segments<T extends string>({ label, value, choices, onChange }: SegmentsProps<T>) {
  const name = useId();
  return (
    <fieldset class="segments">
      <legend class="hidden">{label}</legend>
      {choices.map((choice) => (
        <label
          key={choice.value}
          title={choice.keys === undefined ? choice.label : `${choice.label} (${choice.keys})`}
        >
          <input
            type="radio"
            name={name}
            checked={choice.value === value}
            onChange={() => onChange(choice.value)}
          />
          {choice.icon === undefined ? <span>{choice.label}</span> : <Icon name={choice.icon} />}
          {choice.icon !== undefined && <span class="hidden">{choice.label}</span>}
        </label>
      ))}
    </fieldset>
  );
}

interface FieldProps {
  readonly label: string;
  /** A word of help. */
  readonly help?: string | undefined;
}

interface RangeProps extends FieldProps {
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step?: number;
  readonly unit?: string;
  readonly onChange: (value: number) => void;
}

/** A number by a slider and by hand. */
export function Range({ label, help, value, min, max, step = 1, unit, onChange }: RangeProps) {
  const id = useId();
  const change = (event: { currentTarget: HTMLInputElement }) => {
    const number = event.currentTarget.valueAsNumber;
    if (Number.isFinite(number)) onChange(Math.min(max, Math.max(min, number)));
  };
  const shared = { value, min, max, step, "aria-describedby": help && `${id}-help` };
  return (
    <div class="field">
      <div class="field-head">
        <label for={id}>{label}</label>
        <span class="number">
          <input type="number" aria-label={label} {...shared} onChange={change} />
          {unit !== undefined && <span class="unit">{unit}</span>}
        </span>
      </div>
      <input type="range" id={id} {...shared} onInput={change} />
      <Help id={id} help={help} />
    </div>
  );
}

interface SwitchProps extends FieldProps {
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}

export function Switch({ label, help, checked, onChange }: SwitchProps) {
  const id = useId();
  return (
    <div class="field">
      <label class="switch">
        <input
          type="checkbox"
          role="switch"
          aria-checked={checked}
          checked={checked}
          aria-describedby={help && `${id}-help`}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
        <span>{label}</span>
      </label>
      <Help id={id} help={help} />
    </div>
  );
}

interface SelectProps extends FieldProps {
  readonly value: string;
  readonly choices: readonly { readonly value: string; readonly label: string }[];
  readonly onChange: (value: string) => void;
}

export function Select({ label, help, value, choices, onChange }: SelectProps) {
  const id = useId();
  return (
    <div class="field">
      <div class="field-head">
        <label for={id}>{label}</label>
        <select
          id={id}
          aria-describedby={help && `${id}-help`}
          onChange={(event) => onChange(event.currentTarget.value)}
        >
          {choices.map((choice) => (
            <option key={choice.value} value={choice.value} selected={choice.value === value}>
              {choice.label}
            </option>
          ))}
        </select>
      </div>
      <Help id={id} help={help} />
    </div>
  );
}

function Help({ id, help }: { readonly id: string; readonly help: string | undefined }) {
  return help === undefined ? null : (
    <p class="help" id={`${id}-help`}>
      {help}
    </p>
  );
}

export function Group({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="group" aria-label={title}>
      <h3>{title}</h3>
      {children}
    </section>
  );
}
