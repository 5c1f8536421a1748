/** For other programs: the fleet's schema and the lints, without Pulumi and without I/O. */
export type { FileArgs, FileSetArgs, HostArgs } from "../model/contract/fileSet";
export { formatFinding, hasErrors, type Finding, type Severity } from "../model/lint/finding";
export {
    formatFault,
    parseFleet,
    type Fleet,
    type Machine,
    type Machine as FleetHost,
    type Machine as FleetNode,
} from "./fleet";
export { formatOfPath, lintContent, type FormatName } from "../model/lint/formats";
export type { LintContext, NodeIdentity } from "../model/lint/lintContext";
