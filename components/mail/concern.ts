/** Mail from the node. What everything else knows of it. */
import type { ConcernDefinition } from "../concern";
import { planMail } from "./plan";
import { type MailSettings, resolveMail } from "./settings";

export const mail = {
    component: "Mail",
    setting: "mail",
    roles: ["node", "docker"],
    managed: "where mail is sent",
    sendsMail: false,
    risk: "none",
    files: {
        "/etc/holdfast/mail.conf": {},
        "/etc/msmtprc": { yields: true, secret: true },
        "/etc/tmpfiles.d/holdfast-sendmail.conf": {},
        "/usr/local/lib/holdfast/mail": {},
    },
    resolve: resolveMail,
    // Nothing on another host would send any.
    isFor: ({ roles, docker }) => roles.includes("node") || docker !== undefined,
    secrets: ({ relay }: MailSettings) => (relay?.user === undefined ? [] : ["mailPassword"]),
    plan: planMail,
} as const satisfies ConcernDefinition;
