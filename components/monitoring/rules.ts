/** Which alert rules a monitoring host gets. */
import { alertRules } from "../../render/alertRules";
import type { MachineView } from "../concern";

/** Whose metrics a file goes by; rules that fire where a metric is absent would fire in a fleet without any. */
const isWanted: Readonly<Record<string, (machines: readonly MachineView[]) => boolean>> = {
    "holdfast-up": () => true,
    "holdfast-machine": () => true,
    "holdfast-hardware": () => true,
    "holdfast-drift": () => true,
    "holdfast-boot": (machines) => machines.some(({ bootReadiness }) => bootReadiness),
    "holdfast-cluster": (machines) => machines.some(({ clusterMetrics }) => clusterMetrics),
    "holdfast-docker": (machines) => machines.some(({ docker }) => docker !== undefined),
    "holdfast-backup": (machines) =>
        machines.some(({ roles, configBackup }) => roles.includes("node") && configBackup !== undefined),
};

export const ruleFileNames = Object.keys(isWanted);

/** Each with its text, or without where nothing brings its metrics. */
export function ruleFiles(machines: readonly MachineView[]): { readonly name: string; readonly text?: string }[] {
    return Object.entries(isWanted).map(([name, wanted]) => ({
        name,
        ...(wanted(machines) && { text: alertRules(name) }),
    }));
}
