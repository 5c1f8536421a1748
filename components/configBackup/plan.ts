/** The nightly backup, and the weekly restore of other nodes' backups on trial. */
import type { FileArgs, FileSetArgs } from "../../model/contract/fileSet";
import { parsing, programText } from "../../programs";
import { renderFile } from "../../render/render";
import { ofConcern, type PlanArgs } from "../concern";
import { type ConfigBackupSettings, drillsOf, isBackedUp } from "./settings";

export type ConfigBackupPlanArgs = Omit<PlanArgs<ConfigBackupSettings>, "fleet"> &
    Partial<Pick<PlanArgs<ConfigBackupSettings>, "fleet">>;

const program = "/usr/local/lib/holdfast/config-backup";
const unit = "/etc/systemd/system/holdfast-config-backup";
const service = `${unit}.service`;
const timer = `${unit}.timer`;
const conf = "/etc/holdfast/backup.conf";
const knownHosts = "/etc/holdfast/backup.known_hosts";
const password = "/etc/holdfast/backup.password";
const key = "/etc/holdfast/backup.key";
const login = "/etc/holdfast/backup.login";
const restoreProgram = "/usr/local/lib/holdfast/config-restore";
const drillProgram = "/usr/local/lib/holdfast/backup-drill";
const drillService = "/etc/systemd/system/holdfast-drill.service";
const undoService = "/etc/systemd/system/holdfast-restore-undo.service";
const drillTimer = "/etc/systemd/system/holdfast-drill.timer";

/** Times, which are no drift: the report has a column of each. */
export const factNames = { backup: "last good backup", drills: "last good restores on trial" } as const;

export function planConfigBackup(args: ConfigBackupPlanArgs): FileSetArgs {
    const { settings, secrets = {} } = args;
    const drills = drillsOf(args.node.name, args.fleet?.machines ?? []);
    const isDrilling = drills.length > 0;
    const wanted = (path: string, view: object): FileArgs =>
        isDrilling ? { content: renderFile(path, view) } : { absent: true };
    const { target, port, keep, kind, pinned, time } = settings;
    const secret = (path: string, name: string, wanted: boolean): FileArgs =>
        wanted
            ? { content: renderFile(path, { value: wholeLines(secrets[name] ?? "") }), mode: "0600" }
            : { absent: true };
    const own = args.fleet?.machines.find(({ identity }) => identity.name === args.node.name);
    const isNode = own === undefined || isBackedUp(own);
    const common = {
        ...ofConcern("config-backup", args),
        // ssh, of an sftp target, comes with every sshd.
        packages: ["restic", ...(kind === "rest" || kind === "s3" ? ["ca-certificates"] : [])],
        activate: [{ argv: ["systemctl", "daemon-reload"] }],
    };
    const files = {
        [conf]: { content: renderFile(conf, { node: args.node.name, target, port, keep, drills }), mode: "0600" },
        [knownHosts]: pinned ? { content: renderFile(knownHosts, pinned), mode: "0600" } : { absent: true as const },
        [password]: secret(password, "backupPassword", true),
        [key]: secret(key, "backupKey", kind === "sftp"),
        [login]: secret(login, "backupLogin", kind === "rest" || kind === "s3"),
        [drillProgram]: { content: programText(drillProgram), mode: "0755" },
        [drillService]: wanted(drillService, {}),
        [drillTimer]: wanted(drillTimer, { day: settings.drill.day }),
    };
    // Said even where there is nothing to restore: a timer that is no longer named would go on.
    const units = { "holdfast-drill.timer": { enabled: isDrilling, active: isDrilling } };
    const facts: FileSetArgs["facts"] = isDrilling
        ? {
              "backup drill": { probe: "backup-drill", value: "ok" },
              [factNames.drills]: { probe: "last-drills" },
          }
        : {};
    if (!isNode) return { ...common, files, units, facts, validate: [{ argv: parsing(drillProgram) }] };
    return {
        ...common,
        files: {
            [program]: { content: programText(program), mode: "0755" },
            [restoreProgram]: { content: programText(restoreProgram), mode: "0755" },
            ...files,
            [service]: { content: renderFile(service, {}) },
            [timer]: { content: renderFile(timer, { time }) },
            [undoService]: { content: renderFile(undoService, {}) },
        },
        validate: [{ argv: parsing(program) }, { argv: parsing(drillProgram) }, { argv: parsing(restoreProgram) }],
        units: {
            "holdfast-config-backup.timer": { enabled: true, active: true },
            "holdfast-restore-undo.service": { enabled: true },
            ...units,
        },
        // A first backup where there has been none. What comes of it stands in the outputs: no reason to undo anything.
        verify: [{ argv: [program, "--first"], timeout: 600 }],
        facts: {
            "config backup": { probe: "config-backup", value: "good" },
            [factNames.backup]: { probe: "last-backup" },
            ...facts,
        },
    };
}

/** A key without its last line break is none to ssh. */
function wholeLines(value: string): string {
    return value.replace(/\r\n/g, "\n").replace(/\n*$/, "");
}
