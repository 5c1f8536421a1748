/** `mail`, of the whole fleet: who is told, and through which relay. */
import { type Fault, describe } from "../../model/fleet/faults";
import type { SharedConfig } from "../../model/fleet/shared";
import type { ResolveContext } from "../concern";

export interface MailRelay {
    readonly host: string;
    readonly port: number;
    readonly security: "none" | "starttls" | "tls";
    readonly user?: string;
}

export interface MailSettings {
    readonly to: readonly string[];
    readonly from: string;
    /** For nodes without a sendmail. */
    readonly relay?: MailRelay;
}

export function resolveMail(_: unknown, { name, fleet }: ResolveContext): MailSettings {
    const {
        from = `holdfast@${fleet.domain === undefined ? name : `${name}.${fleet.domain}`}`,
        relay,
        user,
    } = fleet.mail ?? {};
    return { to: mailRecipients(fleet), from, relay: relay === undefined ? undefined : resolveRelay(relay, user) };
}

/** A password is never sent in the clear; port 587 is for submission, which has STARTTLS (RFC 6409). */
function resolveRelay(relay: string, user: string | undefined): MailRelay {
    const { protocol, hostname, port } = new URL(relay);
    const host = hostname.replace(/^\[|\]$/g, "");
    if (protocol === "smtps:") return { host, port: Number(port || 465), security: "tls", user };
    return {
        host,
        port: Number(port || 25),
        security: port === "587" || user !== undefined ? "starttls" : "none",
        user,
    };
}

/** root: whoever reads root's mail of the node. */
export function mailRecipients({ mail }: SharedConfig): string[] {
    const to = mail?.to ?? "root";
    return typeof to === "string" ? [to] : to;
}

export function checkMail({ mail }: SharedConfig): Fault[] {
    if (!mail) return [];
    const { relay, user, from } = mail;
    const recipients =
        typeof mail.to === "string"
            ? [{ path: ["mail", "to"], address: mail.to }]
            : mail.to.map((address, index) => ({ path: ["mail", "to", index], address }));
    const addresses = recipients.map(({ address }) => address.toLowerCase());
    const twice = recipients.flatMap(({ path, address }, index) =>
        addresses.indexOf(addresses[index]!) < index ? [{ path, message: `${address} is listed twice` }] : [],
    );
    if (relay === undefined)
        return [
            ...twice,
            ...(user === undefined
                ? []
                : [
                      {
                          path: ["mail", "user"],
                          message: "is for mail.relay, which is missing: add relay: smtp://HOST:PORT, or remove user",
                      },
                  ]),
        ];
    const local = recipients.flatMap(({ path, address }) =>
        address.includes("@")
            ? []
            : [
                  {
                      path,
                      message: `expected an address with its domain, such as ops@example.test, got ${describe(address)}: at mail.relay it would be a user of the relay`,
                  },
              ],
    );
    const sender =
        from === undefined || from.includes("@")
            ? []
            : [
                  {
                      path: ["mail", "from"],
                      message: `expected an address with its domain, such as holdfast@example.test, got ${describe(from)}: mail.relay would refuse it, or add its own`,
                  },
              ];
    return [...twice, ...local, ...sender, ...checkSecurity(relay)];
}

/** Where TLS begins is fixed by the port (RFC 8314): spoken otherwise, both sides wait until the time is up. */
function checkSecurity(relay: string): Fault[] {
    const { protocol, host, hostname, port } = new URL(relay);
    const path = ["mail", "relay"];
    if (protocol === "smtp:" && port === "465")
        return [
            { path, message: `port 465 speaks TLS from the start: expected smtps://${host}, got ${describe(relay)}` },
        ];
    if (protocol === "smtps:" && (port === "25" || port === "587"))
        return [
            {
                path,
                message: `port ${port} speaks no TLS from the start: expected smtp://${host} or smtps://${hostname}:465, got ${describe(relay)}`,
            },
        ];
    return [];
}
