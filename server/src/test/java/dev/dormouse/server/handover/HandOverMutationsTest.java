package dev.dormouse.server.handover;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Checks that the model notices faults: here each is made on purpose. */
@Tag("once") // the model finds the same faults on every JVM
@Tag("full")
@ExtendWith(QuietHandOver.class)
@SuppressWarnings("StringConcatToTextBlock") // the texts are pieces of lines
class HandOverMutationsTest {
  private static final String LINK = "gateway/owner/OwnerLink.java";
  private static final String LINKS = "gateway/owner/OwnerLinks.java";
  private static final String OWNERSHIP = "host/owner/Ownership.java";
  private static final String OWNERSHIPS = "host/owner/Ownerships.java";

  @TempDir private Path folder;

  private static PlantedFault in(
      String file, String name, String scenario, String from, String to) {
    return new PlantedFault(name, scenario, null, file, from, to);
  }

  static final List<PlantedFault> ALL =
      List.of(
          in(
              OWNERSHIP,
              "the door lets in what comes from a gateway that has not announced its sockets",
              "move",
              "        || peer == null\n"
                  + "        || !peer.isAttached\n"
                  + "        || peer.inFlight.passesOver(record)) {",
              "        || (peer != null && peer.inFlight.passesOver(record))) {"),
          in(
              OWNERSHIP,
              "what is sent to a gateway that has not announced its sockets is not held",
              "leave",
              "    if (peer.isAttached) {\n      ways.toGateway(gateway, release);\n      return 0;",
              "    if (release != null) {\n      ways.toGateway(gateway, release);\n      return 0;"),
          in(
              OWNERSHIP,
              "held outputs are kept when they are sent",
              "break;break twice;tag, break twice",
              "    peer.held = new ArrayDeque<>(0);\n    peer.heldBytes = 0;\n    return announcement;",
              "    return announcement;"),
          in(
              OWNERSHIP,
              "the comparison closes connections that were asked for after the announcement",
              "upgrade, slow passes;upgrade given up",
              "return number < firstNew && !has(connection)",
              "return !has(connection)"),
          in(
              OWNERSHIP,
              "the end of an ownership is not told",
              "leave",
              "if (peer.isAttached || peer.parts != null) {",
              "if (peer.parts != null) {"),
          in(
              OWNERSHIP,
              "gateways that do not come are never given up",
              "gateway dies",
              "if (!peer.isAttached && !peer.isGivenUp && nowNs",
              "if (peer.isAttached && peer.isGivenUp && nowNs"),
          in(
              OWNERSHIP,
              "a gateway that comes too late is not told that its connections were closed",
              "upgrade given up;break with time-outs",
              "        peer.isGivenUp\n            ? sorted\n            : Arrays",
              "        peer.parts == null\n            ? sorted\n            : Arrays"),
          in(
              OWNERSHIPS,
              "every record is refused, not announcements alone",
              "leave",
              "boolean isAttempt = record instanceof ToHost.Announce part && part.isFirst();",
              "boolean isAttempt = true;"),
          in(
              LINKS,
              "releases of former owners are taken",
              "move;move with two gateways;move with time-outs",
              "if (link.isFromOwner(release.epoch())) {",
              "if (release.epoch() > 0) {"),
          in(
              LINKS,
              "records go out before the announcement",
              "break",
              "        announce(group, owner);\n        if (isAttached(group, owner)) { // the owner may have refused the announcement at once\n          holder().attached(group, owner);\n        }",
              "        holder().attached(group, owner);\n        announce(group, owner);"),
          in(
              LINKS,
              "a socket sends under an attachment that it was not told of",
              "break while sockets lag",
              "      if (told == null || !isAttached(group, told)) {",
              "      if (told == null) {"),
          in(
              LINKS,
              "unknown connections stay open",
              "upgrade given up;break with time-outs",
              "            if (link.isFromOwner(unknown.epoch())) {",
              "            if (unknown.epoch() < 0) {"),
          in(
              LINK,
              "a refusal is ignored",
              "leave",
              "    if (isOver) {\n      pausesUntilNs = known",
              "    if (highest < 0) {\n      pausesUntilNs = known"),
          in(
              LINK,
              "the break of a link is ignored",
              "break",
              "    boolean isOver = current != null && current.node().equals(node);",
              "    boolean isOver = current != null && current.epoch() < 0;"),
          in(
              LINK,
              "a gateway leaves its owner as soon as it knows of a later one",
              "leave",
              "if (nowNs - laterKnownSinceNs < PATIENCE_NS) {",
              "if (nowNs - laterKnownSinceNs < 0) {"),
          PlantedFault.of(ModelFault.NO_FENCE_IN_APPLY, "move"),
          PlantedFault.of(ModelFault.NO_BARRIER, "leave"),
          PlantedFault.of(ModelFault.SPEAKS_EARLY, "leave"),
          PlantedFault.of(ModelFault.NO_SEQUENCE, "move"),
          PlantedFault.of(ModelFault.REPEAT_IGNORED, "move"),
          PlantedFault.of(ModelFault.REQUEST_REPEAT_IGNORED, "request"),
          PlantedFault.of(ModelFault.NO_CONFIRM, "move and read"),
          PlantedFault.of(ModelFault.CLOSES_NOT_KEPT, "break twice"),
          PlantedFault.of(ModelFault.CLOSES_NOT_ANNOUNCED, "break twice;upgrade"),
          PlantedFault.of(ModelFault.UPGRADE_KEEPS_ID, "upgrade"),
          PlantedFault.of(ModelFault.NOT_REPEATED, "break twice"),
          PlantedFault.of(ModelFault.MISSED_STATE, "tag"),
          PlantedFault.of(ModelFault.CELLS_GO_ON, "move twice"),
          PlantedFault.of(ModelFault.LEAVES_EARLY, "leave"));

  @Test
  void everyPlantedFaultIsFound() throws Exception {
    List<String> missed = new ArrayList<>();
    for (int i = 0; i < ALL.size(); i++) {
      PlantedFault fault = ALL.get(i);
      Path place = Files.createDirectory(folder.resolve("fault" + i));
      String violation = fault.find(place);
      if (violation == null) {
        missed.add(fault.name());
      } else {
        System.out.println(
            "| " + fault.name() + " | " + violation.lines().findFirst().get() + " |");
      }
    }
    System.out.printf("planted faults found: %d of %d%n", ALL.size() - missed.size(), ALL.size());
    assertThat(missed).as("faults that the model does not notice").isEmpty();
  }
}
