/** The two ways of a mail, and the one file of theirs that can hold a password. */
import type { FileSetArgs } from "../../model/contract/fileSet";
import { parsing, programText } from "../../programs";
import { renderFile } from "../../render/render";
import { ofConcern, type ConcernArgs } from "../concern";
import type { MailRelay, MailSettings } from "./settings";

export interface MailPlanArgs extends ConcernArgs {
    readonly settings: MailSettings;
    /** `mailPassword`: of `mail.user` at the relay. */
    readonly secrets?: Readonly<Record<string, string>>;
}

const program = "/usr/local/lib/holdfast/mail";
const conf = "/etc/holdfast/mail.conf";
const msmtprc = "/etc/msmtprc";
const sendmail = "/etc/tmpfiles.d/holdfast-sendmail.conf";

export function planMail(args: MailPlanArgs): FileSetArgs {
    const { to, from, relay } = args.settings;
    return {
        ...ofConcern("mail", args),
        // Not msmtp-mta, which is an MTA to apt and would replace the node's own.
        packages: relay ? ["msmtp", "ca-certificates"] : [],
        files: {
            [program]: { content: programText(program), mode: "0755" },
            [conf]: { content: renderFile(conf, { to, from }) },
            // An administrator's own is the node's mail: it is neither overwritten nor removed, and its password is not
            // read.
            [msmtprc]: {
                yields: true,
                ...(relay
                    ? { content: renderRelay(relay, from, args.secrets?.["mailPassword"]), mode: "0600" }
                    : { absent: true }),
            },
            [sendmail]: relay ? { content: renderFile(sendmail, {}) } : { absent: true },
        },
        validate: [{ argv: parsing(program) }],
        activate: relay ? [{ argv: ["systemd-tmpfiles", "--create", sendmail] }] : [],
        // Shows in the outputs what became of it: a mail that cannot be delivered is no reason to undo anything.
        verify: [{ argv: [program, "--test"], timeout: 90 }],
        facts: { mail: { probe: "mail" }, ...(relay && { relay: { probe: "mail-relay" } }) },
    };
}

/** @throws Error where msmtprc cannot hold the password */
function renderRelay({ user, host, port, security }: MailRelay, from: string, password?: string): string {
    if (password !== undefined && !/^[^"\0-\x1f\x7f]+$/.test(password))
        throw new Error('holdfast:mailPassword: expected one line without "');
    const login = user !== undefined && password !== undefined ? { user, password } : false;
    const view = {
        host,
        port,
        from,
        tls: security === "none" ? "off" : "on",
        starttls: security === "starttls" ? "on" : "off",
        login,
    };
    return renderFile(msmtprc, view);
}
