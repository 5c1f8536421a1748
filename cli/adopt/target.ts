/** `[USER@]HOST[:PORT]`, as ssh users write it. */
import { familyOf } from "../../model/address";

export interface Target {
    /** As it was typed. */
    readonly text: string;
    /** A name, an alias of ~/.ssh/config, or an address. */
    readonly host: string;
    readonly port?: number;
    readonly user?: string;
}

/** An IPv6 address needs brackets only where a port follows. @throws Error that says what was expected */
export function parseTarget(text: string, port?: number): Target {
    const [, user, rest = ""] = /^(?:([a-z_][a-z0-9_-]*)@)?(.*)$/.exec(text) ?? [];
    const withPort = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(rest);
    const host = familyOf(rest) === 6 ? rest : (withPort?.[1] ?? withPort?.[2] ?? "");
    if (!/^[A-Za-z0-9:][A-Za-z0-9._:-]{0,252}$/.test(host)) throw new Error(`'${text}': expected [USER@]HOST[:PORT], as in root@192.0.2.11`);
    const own = familyOf(rest) === 6 || withPort?.[3] === undefined ? port : Number(withPort[3]);
    return { text, host, user, port: own };
}
