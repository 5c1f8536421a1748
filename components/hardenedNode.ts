/** One Proxmox VE node with every concern that its settings ask for. A new concern gets a field, a line in the constructor and one in `fileSets`. */
import * as pulumi from "@pulumi/pulumi";
import { type Concern, concernNames } from "./table";
import type { FleetNode } from "./fleet";
import type { NodeIdentity } from "../model/lint/lintContext";
import { isRisky } from "./rollout";
import type { FileSet } from "../provider/resource";
import { Fstab } from "./fstab";
import { HostsFile } from "./hosts";
import { Ipmievd } from "./ipmievd";
import { LogDigest } from "./logDigest";
import { Mail } from "./mail";
import { NetworkInterfaces } from "./interfaces";
import { NodeExporter } from "./nodeExporter";
import { Smartd } from "./smartd";
import { TemperatureWatchdog } from "./temperature";

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
        const { node, peers, after = [], mailPassword } = args;
        const { hostsFile, fstab, interfaces, mail, nodeExporter, temperature, smartd, ipmievd, logDigest } = node;
        this.settings = node;
        const shared = { host: node.host, node: node.identity, maintenance: node.maintenance, onDelete: node.onDelete };
        const optionsOf = (concern: Concern) => ({ parent: this, dependsOn: isRisky(concern, node) ? [...after] : [] });

        this.hostsFile = new HostsFile(`${name}-hosts`, { ...shared, peers, settings: hostsFile }, optionsOf("hosts"));
        if (fstab) this.fstab = new Fstab(`${name}-fstab`, { ...shared, settings: fstab }, optionsOf("fstab"));
        if (interfaces)
            this.interfaces = new NetworkInterfaces(
                `${name}-interfaces`,
                { ...shared, settings: interfaces },
                optionsOf("interfaces"),
            );
        if (mail)
            this.mail = new Mail(
                `${name}-mail`,
                { ...shared, settings: mail, password: mailPassword },
                optionsOf("mail"),
            );
        if (smartd) this.smartd = new Smartd(`${name}-smartd`, { ...shared, settings: smartd }, optionsOf("smartd"));
        if (temperature)
            this.temperature = new TemperatureWatchdog(
                `${name}-temperature`,
                { ...shared, settings: temperature },
                optionsOf("temperature"),
            );
        if (ipmievd) this.ipmievd = new Ipmievd(`${name}-ipmievd`, shared, optionsOf("ipmievd"));
        if (logDigest)
            this.logDigest = new LogDigest(
                `${name}-log-digest`,
                { ...shared, settings: logDigest },
                optionsOf("log-digest"),
            );
        if (nodeExporter)
            this.nodeExporter = new NodeExporter(
                `${name}-node-exporter`,
                { ...shared, settings: nodeExporter },
                optionsOf("node-exporter"),
            );

        this.registerOutputs({
            observed: Object.fromEntries(
                Object.entries(this.fileSets).map(([concern, { observed }]) => [concern, observed]),
            ),
        });
    }

    /** By concern. Their order is that of the stack's output `managed`: another one would show up in every preview. */
    get fileSets(): Readonly<Record<string, FileSet>> {
        const components = {
            hosts: this.hostsFile,
            fstab: this.fstab,
            interfaces: this.interfaces,
            mail: this.mail,
            smartd: this.smartd,
            temperature: this.temperature,
            ipmievd: this.ipmievd,
            "log-digest": this.logDigest,
            "node-exporter": this.nodeExporter,
        } satisfies Record<Concern, { readonly fileSet: FileSet } | undefined>;
        return Object.fromEntries(
            Object.entries(components).flatMap(([concern, component]) =>
                component ? [[concern, component.fileSet]] : [],
            ),
        );
    }

    /** What can keep the node from booting or from being reached, or can power it off. */
    get risky(): readonly FileSet[] {
        return concernNames
            .filter((concern) => isRisky(concern, this.settings))
            .flatMap((concern) => this.fileSets[concern] ?? []);
    }
}
