/**
 * What of a tab outlives a reload of the page in sessionStorage: its name, and the request that
 * runs.
 */

import type { Box } from "../../../image/image.ts";
import type { Asked, Place } from "./history.ts";

/** A request that was accepted. */
export interface RunningRequest {
  readonly id: string;
  readonly asked: Omit<Asked, "mask">;
  readonly from: Place;
  readonly frame: Box;
  /** The step that gets the answers; absent: a new one. */
  readonly into?: number;
}

const [tabKey, requestKey] = ["studio.tab", "studio.request"];

export class Session {
  readonly tab: string;
  #leaving = false;

  constructor() {
    // What fails because the page goes away is no end of the request.
    addEventListener("pagehide", () => {
      this.#leaving = true;
    });
    addEventListener("pageshow", () => {
      this.#leaving = false;
    });
    this.tab = sessionStorage.getItem(tabKey) ?? crypto.randomUUID();
    sessionStorage.setItem(tabKey, this.tab);
  }

  request(): RunningRequest | undefined {
    const kept = sessionStorage.getItem(requestKey);
    return kept === null ? undefined : JSON.parse(kept);
  }

  keepRequest(request: RunningRequest | undefined): void {
    if (this.#leaving) return;
    if (request === undefined) sessionStorage.removeItem(requestKey);
    else sessionStorage.setItem(requestKey, JSON.stringify(request));
  }
}
