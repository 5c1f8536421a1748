/** Mail from one node: through its own sendmail, or through msmtp where it has none and the stack names a relay. */
import type * as pulumi from "@pulumi/pulumi";
import { ConcernComponent, withSecrets } from "../component";
import { mail } from "./concern";
import type { MailPlanArgs } from "./plan";

export { planMail } from "./plan";

export interface MailArgs extends Omit<MailPlanArgs, "secrets"> {
    /** Of `mail.user` at the relay; a secret. */
    readonly password?: pulumi.Output<string>;
}

export class Mail extends ConcernComponent {
    constructor(name: string, { password, ...args }: MailArgs, options?: pulumi.ComponentResourceOptions) {
        super(mail, name, withSecrets(mail, args, password ? { mailPassword: password } : {}), options);
    }
}
