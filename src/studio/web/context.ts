import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Studio } from "./state/studio.ts";

export const StudioContext = createContext<Studio | undefined>(undefined);

/** The studio of the page. */
export function useStudio(): Studio {
  const studio = useContext(StudioContext);
  if (studio === undefined) throw new Error("The component is outside of a StudioContext.");
  return studio;
}
