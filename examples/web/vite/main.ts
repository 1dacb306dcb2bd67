/** Colorizes a chosen photo on the visitor's own machine. */
import { canvasCodec, chooseDevice, fetchModel, fromBytes, Palette } from "palette-diffusion";

const input = document.querySelector("input")!;
const status = document.querySelector("#status")!;
const answer = document.querySelector<HTMLImageElement>("#answer")!;
let palette: Promise<Palette> | undefined;

async function load(): Promise<Palette> {
  const { device, reason } = await chooseDevice();
  status.textContent = reason;
  const model = await fetchModel("photos-64", {
    onProgress: ({ done, total }) => {
      status.textContent = `The model: ${done} of ${total ?? "?"} bytes`;
    },
  });
  return Palette.load(model, { device });
}

input.addEventListener("change", async () => {
  const [file] = input.files ?? [];
  if (file === undefined) return;
  const { rgb, width, height } = await canvasCodec.decode(new Uint8Array(await file.arrayBuffer()));
  palette ??= load();
  const [colorized] = await (await palette).colorize(fromBytes(rgb, width, height), {
    onStep: ({ step, steps }) => {
      status.textContent = `${step} of ${steps}`;
    },
  });
  const png = await canvasCodec.encode(colorized!, "png");
  answer.src = URL.createObjectURL(new Blob([png.slice()]));
  status.textContent = "Done.";
});
