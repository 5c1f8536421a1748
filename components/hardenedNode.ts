/** One Proxmox VE node with every concern that its settings ask for. */
import * as pulumi from "@pulumi/pulumi";
import type { FleetNode } from "../model/fleet";
import type { NodeIdentity } from "../model/lintContext";
import type { FileSet } from "../provider/resource";
import { Fstab } from "./fstab";
import { HostsFile } from "./hostsFile";
import { Ipmievd } from "./ipmievd";
import { LogDigest } from "./logDigest";
import { Mail } from "./mail";
import { NetworkInterfaces } from "./networkInterfaces";
import { NodeExporter } from "./nodeExporter";
import { Smartd } from "./smartd";
import { TemperatureWatchdog } from "./temperatureWatchdog";

export interface HardenedNodeArgs {
    readonly node: FleetNode;
    /** The other nodes of the cluster. */
    readonly peers: readonly NodeIdentity[];
    /** What has to succeed before a risky concern of this node is touched: the risky concerns of an earlier wave. */
    readonly after?: readonly pulumi.Resource[];
    /** Of `mail.user` at the relay; a secret. */
    readonly mailPassword?: pulumi.Output<string>;
}

export class HardenedNode extends pulumi.ComponentResource {
    readonly hostsFile: HostsFile;
    /** Only where declared. */
    readonly fstab?: Fstab;
    /** Only where declared. */
    readonly interfaces?: NetworkInterfaces;
    readonly mail?: Mail;
    readonly nodeExporter?: NodeExporter;
    readonly temperature?: TemperatureWatchdog;
    readonly smartd?: Smartd;
    readonly ipmievd?: Ipmievd;
    /** Only where asked for. */
    readonly logDigest?: LogDigest;

    private readonly settings: FleetNode;

    constructor(name: string, args: HardenedNodeArgs, options?: pulumi.ComponentResourceOptions) {
        super("holdfast:components:HardenedNode", name, {}, options);
        this.settings = args.node;
        const { fstab, interfaces, hostsFile, nodeExporter, temperature, smartd, ipmievd, mail, logDigest, identity, host, maintenance, onDelete } = args.node;
        const shared = { host, node: identity, maintenance, onDelete };
        const harmless = { parent: this };
        const risky = { parent: this, dependsOn: [...(args.after ?? [])] };

        this.hostsFile = new HostsFile(`${name}-hosts`, { ...shared, peers: args.peers, settings: hostsFile }, harmless);
        if (fstab) this.fstab = new Fstab(`${name}-fstab`, { ...shared, settings: fstab }, risky);
        if (interfaces) this.interfaces = new NetworkInterfaces(`${name}-interfaces`, { ...shared, settings: interfaces }, risky);
        if (nodeExporter) this.nodeExporter = new NodeExporter(`${name}-node-exporter`, { ...shared, settings: nodeExporter }, harmless);
        if (mail) this.mail = new Mail(`${name}-mail`, { ...shared, settings: mail, password: args.mailPassword }, harmless);
        if (ipmievd) this.ipmievd = new Ipmievd(`${name}-ipmievd`, shared, harmless);
        if (logDigest) this.logDigest = new LogDigest(`${name}-log-digest`, { ...shared, settings: logDigest }, harmless);
        if (smartd) this.smartd = new Smartd(`${name}-smartd`, { ...shared, settings: smartd }, canPowerOff(smartd) ? risky : harmless);
        if (temperature) this.temperature = new TemperatureWatchdog(`${name}-temperature`, { ...shared, settings: temperature }, canPowerOff(temperature) ? risky : harmless);

        this.registerOutputs({ observed: Object.fromEntries(Object.entries(this.fileSets).map(([concern, { observed }]) => [concern, observed])) });
    }

    /** By concern. */
    get fileSets(): Readonly<Record<string, FileSet>> {
        const components = { hosts: this.hostsFile, fstab: this.fstab, interfaces: this.interfaces, mail: this.mail, smartd: this.smartd, temperature: this.temperature, ipmievd: this.ipmievd, "log-digest": this.logDigest, "node-exporter": this.nodeExporter };
        return Object.fromEntries(Object.entries(components).flatMap(([concern, component]) => (component ? [[concern, component.fileSet]] : [])));
    }

    /** What can keep the node from booting or from being reached, or can power it off. */
    get risky(): readonly FileSet[] {
        const { temperature, smartd } = this.settings;
        const powerOff = [canPowerOff(smartd) ? this.smartd : undefined, canPowerOff(temperature) ? this.temperature : undefined];
        return [this.fstab, this.interfaces, ...powerOff].flatMap((component) => (component ? [component.fileSet] : []));
    }
}

function canPowerOff(settings: FleetNode["smartd"] | FleetNode["temperature"]): boolean {
    if (!settings) return false;
    const ofDevices = "devices" in settings && settings.devices !== "auto" ? settings.devices.map(({ action }) => action) : [];
    return [settings.action, ...ofDevices].includes("shutdown");
}
