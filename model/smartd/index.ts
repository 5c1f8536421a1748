export { formatSmartdLine, runner, selfTestDay, selfTestSchedule, type SmartdLine, type TemperatureLimits } from "./format";
export { lintSmartd } from "./lint";
export { parseSmartd } from "./parse";
