// A file from the person's own disk, handed to the app part by part: the page itself keeps none of it.
import { call } from "./call";

/** Divisible by three, so that each part is whole base64; small beside what a question may hold. */
const PART = 384 * 1024;

/**
 * Hands over a file. Answers what stands for it, or nothing when it was ended before all of it had come. `far` hears how
 * much has come, in bytes.
 */
export async function offer(
  file: Blob,
  far: (bytes: number) => void,
  end: AbortSignal,
): Promise<string | undefined> {
  let known: string | undefined;
  let from = 0;
  do {
    const part = await base64(file.slice(from, from + PART));
    if (end.aborted) return undefined;
    const told = await call("offer_backup", known === undefined ? { part } : { part, offer: known });
    known = told.offer;
    from += PART;
    far(told.bytes);
  } while (from < file.size);
  return known;
}

async function base64(part: Blob): Promise<string> {
  const bytes = new Uint8Array(
    await part.arrayBuffer().catch(() => {
      throw unreadable;
    }),
  );
  let text = "";
  for (let at = 0; at < bytes.length; at += STRETCH) text += String.fromCharCode(...bytes.subarray(at, at + STRETCH));
  return btoa(text);
}

/** So many bytes are made letters at once: they are the arguments of one call. */
const STRETCH = 8192;

const unreadable = { kind: "usage", what: "This file cannot be read.", todo: "Choose it again, or another one." } as const;
