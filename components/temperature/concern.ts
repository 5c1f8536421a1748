/** The look at the temperatures. What everything else knows of it. */
import type { ConcernDefinition } from "../concern";
import { planTemperatureWatchdog } from "./plan";
import { checkTemperature, resolveTemperature, schema } from "./settings";

export const temperature = {
    component: "TemperatureWatchdog",
    setting: "temperature",
    roles: ["node"],
    managed: "by default",
    sendsMail: true,
    risk: "power-off",
    files: {
        "/etc/cron.d/holdfast-temperature": {},
        "/etc/holdfast/temperature.conf": {},
        "/etc/systemd/system/holdfast-temperature.service": {},
        "/etc/systemd/system/holdfast-temperature.timer": {},
        "/usr/local/lib/holdfast/temperature": {},
    },
    schema,
    check: checkTemperature,
    resolve: resolveTemperature,
    plan: planTemperatureWatchdog,
} as const satisfies ConcernDefinition;
