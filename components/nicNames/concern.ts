/** Names of network cards. What everything else knows of it. */
import type { ConcernDefinition } from "../concern";
import { planNicNames } from "./plan";
import { checkNics, mergeNics, resolveNics, schema } from "./settings";

export const nicNames = {
    component: "NicNames",
    setting: "nics",
    roles: ["node"],
    managed: "where declared",
    sendsMail: false,
    risk: "boot or network",
    files: {},
    filesLike: "/etc/systemd/network/10-holdfast-NAME.link",
    codes: {
        "nic-absent": "no card has the MAC address that the stack gives one",
        "nic-initramfs-stale": "the initramfs could not be brought up to date with the pins",
        "nic-name-taken": "another card has the name that is to be pinned",
        "nic-named-otherwise": "a file that is not Holdfast's gives the card another name",
    },
    schema,
    merge: mergeNics,
    check: checkNics,
    resolve: resolveNics,
    plan: planNicNames,
} as const satisfies ConcernDefinition;
