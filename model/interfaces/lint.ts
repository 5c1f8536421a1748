/** Every rule for /etc/network/interfaces and its sourced files. */
import type { Finding } from "../lint/finding";
import type { LintContext } from "../lint/lintContext";
import * as addresses from "./rules/addresses";
import * as bonds from "./rules/bonds";
import { cycles } from "./rules/cycles";
import * as keywords from "./rules/keywords";
import * as methods from "./rules/methods";
import * as node from "./rules/node";
import * as ovs from "./rules/ovs";
import * as ports from "./rules/ports";
import { restartsAtBoot } from "./rules/restarts";
import { subjectOf, type Rule, type Subject } from "./rules/subject";
import * as text from "./rules/text";
import * as values from "./rules/values";
import * as vlans from "./rules/vlans";

const rules: readonly Rule[] = [
    text.textRules,
    text.strayLines,
    text.invisibleBlanks,
    text.templateSyntax,
    text.backslashes,
    keywords.unknownStatements,
    keywords.statementArguments,
    keywords.extraSources,
    keywords.selectedNames,
    keywords.familiesAndMethods,
    keywords.optionNames,
    keywords.optionValues,
    keywords.trailingComments,
    values.unrenderedVariables,
    values.broadcasts,
    values.metrics,
    values.preferredLifetimes,
    values.hostMasks,
    values.numbers,
    addresses.badAddresses,
    addresses.badNetmasks,
    addresses.badGateways,
    addresses.badMtus,
    addresses.badHardwareAddresses,
    addresses.netmasksBeforeAddress,
    addresses.missingPrefixes,
    addresses.gatewaysOffSubnet,
    addresses.twoDefaultGateways,
    addresses.duplicateAddresses,
    ports.missingPorts,
    ports.barePatterns,
    ports.portSeparators,
    ports.portsUsedTwice,
    cycles,
    ports.longPortNames,
    vlans.missingVlanIds,
    vlans.vlanIdRanges,
    vlans.rawDevices,
    bonds.bondPrimaries,
    bonds.bondsWithoutPorts,
    ovs.ovsBridges,
    ovs.ovsPorts,
    ovs.ovsUnlistedPorts,
    ovs.ovsRequirements,
    ovs.ovsClearedOptions,
    methods.firstMethods,
    methods.missingDhclient,
    restartsAtBoot,
    node.undeclaredNames,
    node.missingLoopback,
    node.missingManagementAddress,
    node.missingGateway,
    node.notUpAtBoot,
    node.missingNics,
    node.linkNames,
    node.namesInSourcedFiles,
    node.unresolvedSources,
];

export function lintInterfaces(content: string, context: LintContext): Finding[] {
    return lint(content, context, false);
}

/** For a file that another one sources: it need not hold a loopback, the node's address or a gateway. */
export function lintInterfacesFragment(content: string, context: LintContext): Finding[] {
    return lint(content, context, true);
}

function lint(content: string, context: LintContext, fragment: boolean): Finding[] {
    const tryOut = (text: string) => apply(subjectOf(text, context, fragment));
    return apply(subjectOf(content, context, fragment, tryOut));
}

function apply(subject: Subject): Finding[] {
    return rules.flatMap((rule) => rule(subject));
}
