/** Rules of `smartd` that span several fields. */
import { smartdDeviceProblem } from "../smartd/device";
import { type Fault, formatPath } from "./faults";
import type { NodeConfig } from "./schema";
import { smartdLimits, smartdTypeOf, type SmartdDeviceConfig } from "./watch";

type Path = readonly PropertyKey[];

export function checkSmartd(settings: NodeConfig["smartd"], path: Path): Fault[] {
    if (typeof settings !== "object" || !Array.isArray(settings.devices)) return [];
    const devices = [...path, "devices"];
    return [...settings.devices.flatMap((device, index) => checkSmartdDevice(device, [...devices, index])), ...checkSmartdTwice(settings.devices, devices)];
}

/** smartd itself takes the limits in any order; 0 switches one off. A limit below 30 °C would mail at once. */
function checkSmartdDevice(given: SmartdDeviceConfig, path: Path): Fault[] {
    const { device, type = smartdTypeOf(device), temperature = {} } = typeof given === "string" ? { device: given, temperature: undefined } : given;
    const { informal, critical } = { ...smartdLimits(device), ...temperature };
    const problem = smartdDeviceProblem(device, type);
    return [
        ...(problem ? [{ path: typeof given === "string" ? path : [...path, "device"], message: `${device} ${problem}` }] : []),
        ...(critical > 0 && critical < 30 ? [{ path: [...path, "temperature", "critical"], message: `expected 30 to 120 °C, or 0 for no limit, got ${critical}` }] : []),
        ...(informal > 0 && critical > 0 && informal >= critical ? [{ path: [...path, "temperature"], message: `expected informal below critical, got informal ${informal} and critical ${critical}` }] : []),
    ];
}

/** smartd would test such a disk twice, and mail twice. */
function checkSmartdTwice(devices: readonly SmartdDeviceConfig[], path: Path): Fault[] {
    const keys = devices.map((given) => {
        const { device, type = smartdTypeOf(device) } = typeof given === "string" ? { device: given } : given;
        return type === undefined ? device : `${device} of type ${type}`;
    });
    return keys.flatMap((key, index) => {
        const first = keys.indexOf(key);
        return first < index ? [{ path: [...path, index], message: `${key} is already listed at ${formatPath([...path, first])}` }] : [];
    });
}
