/** `smartd`: which disks it watches, at which limits, and what a failing one leads to. */
import { z } from "zod";
import { smartdDeviceProblem } from "../../model/smartd/device";
import type { SmartdLine, TemperatureLimits } from "../../model/smartd/format";
import { type Fault, formatPath } from "../../model/fleet/faults";
import { action, concern, object } from "../../model/fleet/kit";
import * as value from "../../model/fleet/values";
import type { Place, ResolveContext, Settings } from "../concern";
import { mailRecipients } from "../mail/settings";

const smartdDevice = z.union(
    [
        value.smartdPath,
        object({
            device: value.smartdPath,
            type: value.smartdType.optional(),
            action,
            temperature: object({
                difference: value.smartdCelsius.optional(),
                informal: value.smartdCelsius.optional(),
                critical: value.smartdCelsius.optional(),
            }).optional(),
        }),
    ],
    { error: "expected a /dev/disk/by-id/… path, or { device, type, action, temperature }" },
);
const smartdDevices = z.union(
    [z.literal("auto"), z.array(smartdDevice).min(1, { error: "expected at least one disk, or auto" })],
    { error: "expected auto, or a list of /dev/disk/by-id/… paths" },
);

export const schema = concern({ devices: smartdDevices.optional().describe("auto, or each disk"), action })
    .optional()
    .describe("/etc/smartd.conf and what a failing disk leads to; on by default");

type Path = readonly PropertyKey[];

/** What happens when a disk really fails. */
type Action = "alert" | "shutdown";

export interface SmartdDevice extends Pick<SmartdLine, "device" | "type" | "temperature"> {
    readonly action: Action;
}

export interface SmartdSettings {
    /** `auto`: smartd looks for disks whenever it starts. */
    readonly devices: "auto" | readonly SmartdDevice[];
    readonly action: Action;
    readonly mailTo: readonly string[];
}

/** Powers off as the incident report's helper does; `holdfast adopt` writes `alert` for a start. */
export function resolveSmartd(
    { devices = "auto", action = "shutdown" }: Settings<z.infer<typeof schema>>,
    { fleet }: ResolveContext,
): SmartdSettings {
    return {
        devices: devices === "auto" ? devices : devices.map((device) => resolveDevice(device, action)),
        action,
        mailTo: mailRecipients(fleet),
    };
}

type SmartdDeviceConfig = Exclude<Settings<z.infer<typeof schema>>["devices"], "auto" | undefined>[number];

function resolveDevice(given: SmartdDeviceConfig, action: Action): SmartdDevice {
    const { device, type = smartdTypeOf(device), ...own } = typeof given === "string" ? { device: given } : given;
    return { device, type, action: own.action ?? action, temperature: { ...smartdLimits(device), ...own.temperature } };
}

/** A USB bridge nearly always speaks SAT, but smartd asks it only where it knows the bridge. */
function smartdTypeOf(device: string): string | undefined {
    const kind = /^\/dev\/disk\/by-id\/(nvme|usb)-/.exec(device)?.[1];
    return kind === "usb" ? "sat" : kind;
}

/**
 * °C. Makers rate hard disks for 60 °C and NVMe drives for 70 °C (data sheets of Seagate's Exos and WD's Ultrastar, and
 * of Samsung's and Intel's data centre drives); a solid-state disk with SATA gets the hard disk's, the lower ones.
 */
function smartdLimits(device: string): TemperatureLimits {
    return device.startsWith("/dev/disk/by-id/nvme-")
        ? { difference: 0, informal: 65, critical: 70 }
        : { difference: 5, informal: 50, critical: 60 };
}

export function checkSmartd({ own: settings, path }: Place<z.infer<typeof schema>>): Fault[] {
    if (typeof settings !== "object" || !Array.isArray(settings.devices)) return [];
    const devices = [...path, "devices"];
    return [
        ...settings.devices.flatMap((device, index) => checkSmartdDevice(device, [...devices, index])),
        ...checkSmartdTwice(settings.devices, devices),
    ];
}

/** smartd itself takes the limits in any order; 0 switches one off. A limit below 30 °C would mail at once. */
function checkSmartdDevice(given: SmartdDeviceConfig, path: Path): Fault[] {
    const {
        device,
        type = smartdTypeOf(device),
        temperature = {},
    } = typeof given === "string" ? { device: given, temperature: undefined } : given;
    const { informal, critical } = { ...smartdLimits(device), ...temperature };
    const problem = smartdDeviceProblem(device, type);
    return [
        ...(problem
            ? [{ path: typeof given === "string" ? path : [...path, "device"], message: `${device} ${problem}` }]
            : []),
        ...(critical > 0 && critical < 30
            ? [
                  {
                      path: [...path, "temperature", "critical"],
                      message: `expected 30 to 120 °C, or 0 for no limit, got ${critical}`,
                  },
              ]
            : []),
        ...(informal > 0 && critical > 0 && informal >= critical
            ? [
                  {
                      path: [...path, "temperature"],
                      message: `expected informal below critical, got informal ${informal} and critical ${critical}`,
                  },
              ]
            : []),
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
        return first < index
            ? [{ path: [...path, index], message: `${key} is already listed at ${formatPath([...path, first])}` }]
            : [];
    });
}
