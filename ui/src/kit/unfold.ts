// How something comes into a column and leaves it: what is below moves with it, and nothing jumps.
import { cubicOut } from "svelte/easing";
import { prefersReducedMotion } from "svelte/motion";
import type { TransitionConfig } from "svelte/transition";

/** For what stands in a column with a gap, and has neither padding nor border itself. */
export function unfold(node: HTMLElement): TransitionConfig {
  const height = node.offsetHeight;
  const gap = node.parentElement ? parseFloat(getComputedStyle(node.parentElement).rowGap) || 0 : 0;
  return {
    duration: prefersReducedMotion.current ? 0 : 160,
    easing: cubicOut,
    css: (part) =>
      `overflow: clip; height: ${part * height}px; margin-bottom: ${(part - 1) * gap}px; opacity: ${part}`,
  };
}
