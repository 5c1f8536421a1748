export { formatSmartdLine, selfTestDay, selfTestSchedule, type SmartdLine, type TemperatureLimits } from "./format";
export { lintSmartd } from "./lint";
export { parseSmartd } from "./parse";
