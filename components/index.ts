/** For other Pulumi programs: `import { HardenedNode, HostsFile } from "holdfast/components"` (docs/reuse.md). */
export { BootReadiness, planBootReadiness, type BootReadinessArgs } from "./bootReadiness";
export { ConfigBackup, planConfigBackup, type ConfigBackupArgs } from "./configBackup";
export { FileSet, type Observed } from "../provider/resource";
export { Fstab, planFstab, type FstabArgs } from "./fstab";
export { hardenFleet, watchHosts } from "./hardenedFleet";
export { HardenedNode, type HardenedNodeArgs } from "./hardenedNode";
export { HostsFile, planHostsFile, type HostsFileArgs } from "./hosts";
export { NetworkInterfaces, planNetworkInterfaces, type NetworkInterfacesArgs } from "./interfaces";
export { NetworkGuard, planNetworkGuard, type NetworkGuardArgs } from "./networkGuard";
export { NodeExporter, planNodeExporter, type NodeExporterArgs } from "./nodeExporter";
export { TemperatureWatchdog, planTemperatureWatchdog, type TemperatureWatchdogArgs } from "./temperature";
export { Ipmievd, planIpmievd, type IpmievdArgs } from "./ipmievd";
export { LogDigest, planLogDigest, type LogDigestArgs } from "./logDigest";
export { Mail, planMail, type MailArgs } from "./mail";
export { planRescueAccess, RescueAccess, type RescueAccessArgs } from "./rescueAccess";
export { Smartd, planSmartd, type SmartdArgs } from "./smartd";
export { Runbook, planRunbook, type RunbookArgs } from "./runbook";
