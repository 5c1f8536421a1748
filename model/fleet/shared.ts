/**
 * The settings that several concerns go by, so they stand beside the machines: who is told, who may scrape, how a
 * machine is reached.
 */
import { z } from "zod";
import { flag, object } from "./kit";
import * as value from "./values";
import { authorizedKey } from "../values/ssh";

const proxy = object({
    host: value.sshTarget,
    port: value.port.optional(),
    user: value.user.optional(),
    hostKey: value.hostKey.optional(),
});
/** For every host. A host key is never shared, so it has no place here. */
export const sshDefaults = {
    port: value.port.optional(),
    user: value.user.optional(),
    sudo: flag.optional().describe("run the program on the node through `sudo -n`; by default for every user but root"),
    proxy: proxy.optional().describe("jump host"),
    rescueKeys: z
        .array(authorizedKey)
        .optional()
        .describe(
            "root's keys on the nodes that work while pmxcfs is down, in /root/.ssh/authorized_keys2; a node's list replaces the fleet's, [] is none",
        ),
};
export const sshSchema = object({
    host: value.sshTarget.optional().describe("what to connect to; by default the address"),
    former: value.sshTarget
        .optional()
        .describe(
            "where it still answers while the change that gives it its new address is not confirmed; take it out afterwards",
        ),
    hostKey: value.hostKey
        .optional()
        .describe("pinned host key, as ssh-keyscan prints it after the name; without it known_hosts decides"),
    ...sshDefaults,
});

export type SshConfig = z.infer<typeof sshSchema>;

export const mailSchema = object({
    to: z
        .union(
            [
                value.mailAddress,
                z.array(value.mailAddress).min(1, { error: "expected a mail address, or a list of at least one" }),
            ],
            { error: "expected a mail address, or a list of them" },
        )
        .describe("who is told"),
    from: value.mailAddress.optional().describe("holdfast@NODE.DOMAIN by default"),
    relay: value.mailRelay.optional().describe("smtp:// or smtps:// for nodes without a mail server of their own"),
    user: value.mailUser.optional().describe("at the relay; the password is the secret holdfast:mailPassword"),
});

/** By what it is probed; `checkMonitoring` sees to it that there is exactly one. */
export const probeKinds = ["http", "tcp", "tls", "icmp", "dns"] as const;
const probedTarget = object({
    name: value.shortName.describe("what it is called in an alert"),
    http: value.webAddress.optional().describe("answers with a status from 200 to 299"),
    tcp: value.tcpTarget.optional().describe("takes a connection"),
    tls: value.tcpTarget.optional().describe("takes a connection, with a certificate that the monitoring host trusts"),
    icmp: value.pingTarget.optional().describe("answers a ping"),
    dns: value.dnsTarget.optional().describe("NAME@SERVER: the server knows an address of the name"),
    record: z
        .enum(["A", "AAAA"], { error: "expected A or AAAA" })
        .optional()
        .describe("which kind of address `dns` asks for; A by default"),
    on: value.hostName
        .optional()
        .describe(
            "the machine of this stack that it runs on: when that is gone, nobody is told of this one as well. By default the one whose address or name it is",
        ),
});

export const monitoringSchema = object({
    hosts: z
        .array(value.address)
        .min(1, { error: "expected at least one address" })
        .optional()
        .describe("the only addresses that may scrape; without them exporters listen on loopback alone"),
    cluster: value.shortName.optional().describe("label of every machine of this stack; the fleet's domain by default"),
    targets: z
        .array(probedTarget)
        .optional()
        .describe("what the hosts with the role monitoring probe, beside every machine of the stack"),
});

/** Of the fleet's settings, those that a concern may go by besides its own. */
export interface SharedConfig {
    readonly domain?: string;
    readonly mail?: z.infer<typeof mailSchema>;
    readonly monitoring?: z.infer<typeof monitoringSchema>;
}
