/**
 * Why no more events of a stream are waited for: it pauses, is silent, as one that has sent all, leaves
 * something out, or is read no more.
 */
export type Stop = "pause" | "silence" | "gap" | "end";
