/** /etc/fstab: parse, lint, format, harden. */
export { hardenFstab, type FstabHardening } from "./edit";
export { hardenEntry, isEssential } from "./entry";
export { formatFstab, renderFstabEntry } from "./format";
export { lateMounts, type LateMount } from "./lateMounts";
export { lintFstab } from "./lint";
export { parseFstab, type FstabEntry, type FstabLine } from "./parse";
export { findDevice, isDeviceName, isStableSource, stableSourceOf } from "./source";
