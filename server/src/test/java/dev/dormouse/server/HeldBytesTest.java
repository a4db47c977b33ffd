package dev.dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.sdk.RequestHead;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.Release;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToHost;
import io.netty.util.ReferenceCounted;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * Looks at all fields of gateway and host that can hold what clients sent, or are to be sent:
 * bytes, buffers, messages, requests, answers, and collections of whatever. The class of such a
 * field extends {@code ClientMemory.Holder}, or the field is named here with what bounds or charges
 * it.
 *
 * <p>It sees no more than fields: not what lambdas capture, nor what libraries keep.
 */
class HeldBytesTest {
  /** The packages under inspection, with those below them. */
  private static final List<String> PACKAGES =
      List.of("dev.dormouse.server.gateway", "dev.dormouse.server.host");

  private static final List<Class<?>> HOLDING =
      List.of(
          ReferenceCounted.class,
          java.nio.Buffer.class,
          Buffer.class,
          Payload.class,
          ToHost.class,
          ToGateway.class,
          Release.class,
          RequestHead.class,
          HttpRequest.class,
          HttpResponse.class,
          HttpServerRequest.class,
          RoutingContext.class,
          Appendable.class,
          AtomicReference.class,
          Collection.class,
          Map.class);

  /** The reasons why fields need not be in a holder, by class and name. */
  private static final Map<String, String> BOUNDED = new TreeMap<>();

  private static void bounded(String why, String... fields) {
    for (String field : fields) {
      BOUNDED.put(field, why);
    }
  }

  static {
    bounded(
        "the server's own, of its size: one for each actor type, limit, event loop or setting",
        "ActorHost.limits",
        "ActorHost.types",
        "AlarmClock.types",
        "AlarmClock.unhosted",
        "GroupClocks.marked",
        "Counters.cutOff",
        "Counters.refused",
        "GatewayCounts.cutOff",
        "GatewayCounts.refusals",
        "GatewayOptions$Values.allowedOrigins",
        "GatewayOptions$Values.hosts",
        "Heartbeats.loops",
        "LoopQueues.queues",
        "OriginPolicy.allowed",
        "OwnHosts.names",
        "TrustedProxies.ranges",
        "AddressRange.network",
        "ClientMemory.held",
        "ClientMemory.revocables",
        "LeftoverCloses.types",
        "LeftoverCloses$EarlierRuns.causes");
    bounded(
        "references to sockets or addresses, of which there are as many as file handles",
        "Admission.byAddress",
        "ConnectionGroups$Group.members",
        "ConnectionGroups.byActor",
        "ConnectionGroups.byId",
        "LivenessWheel$Slot.members",
        "LivenessWheel.slots",
        "SocketVisits$Visit.sockets",
        "AwaitedAnswers.waiting",
        "AwaitedAnswers.held",
        "PendingUpgrades.firstIds",
        "PlainRequests.unanswered");
    bounded(
        "charged as AwaitedAnswers.held until the host has answered",
        "PlainRequests$Unanswered.body");
    bounded(
        "an actor with many unhandled closes has a full mailbox and accepts no more connections",
        "UnansweredCloses.ends",
        "UnansweredCloses$End.closed",
        "UnansweredCloses$End.failed");
    bounded("one for each group of shards", "OwnerLinks.links");
    bounded("32 KiB for each event loop", "Deflation.in", "Deflation.out");
    bounded("65,536 addresses at most", "AddressRates.buckets");
    bounded(
        "at most ActorOptions.tagsMax tags of 256 bytes for a socket",
        "ClientSocket.tags",
        "TurnConnection.tags");
    bounded(
        "at most ActorOptions.autoRepliesMax replies of twice ActorOptions.autoReplyBytesMax for an"
            + " actor in memory, which it has chosen itself",
        "ConnectionGroups$AutoReplies.replies",
        "ConnectionGroups$AutoReplies.requests",
        "AutoReplyRows.known");
    bounded(
        "charged by LoopQueues.hold until the event loop has done it; the host begins no turns"
            + " while it is too much",
        "LoopQueues$Steps$Batch.shared",
        "LoopQueues$Steps.batches",
        "LoopQueues$Steps.shared",
        "LoopQueues$LoopQueue.waiting");
    bounded(
        "charged by InboundMessages with each fragment, by PlainRequests with each part of a body,"
            + " and dropped with the call that inflates or compresses a message",
        "ByteChunks.chunk",
        "ByteChunks.full");
    bounded(
        "charged by WaitingMessages, whose entries they are",
        "WaitingMessages$Entry.payload",
        "WaitingMessages$Entry.shared");
    bounded(
        "the head is charged by HttpGuard until the request is answered, the body by"
            + " PlainRequests",
        "ActorRequest.head",
        "ActorRequest.routing",
        "IncomingRequest.http",
        "ProtocolSwitch.request",
        "HttpWatch.unanswered");
    bounded("at most Activation.COUNTS_MAX sets of tags that an actor names", "Activation.counts");
    bounded(
        "the head of a 101, of which the actor has chosen what is long; gone with it",
        "HttpWatch$Upgrade.switched");
    bounded(
        "an answer of the server's own, on its way to HttpAnswers",
        "Handshake$Refused.response",
        "UpgradeProbe.origins");
    bounded(
        "charged by the gateway until the host has answered: InboundMessages, PlainRequests,"
            + " PendingUpgrades",
        "Mailbox.queue",
        "Event$Client.event",
        "TurnRequest.request",
        "TurnUpgrade.open",
        "TurnUpgrade.headers");
    bounded(
        "a number for each connection of an actor",
        "Mailbox.gaps",
        "ClosingConnections.ids",
        "ClosingConnections$Closing.close",
        "OwedCloses.owed",
        "LostCloses.waiting",
        "CommitPipeline$Lost.closes",
        "InFlight.messages",
        "Ownership$Announcement.asked",
        "Ownership$Peer.asked",
        "Ownership$Peer.parts");
    bounded("the connections of one page of LeftoverCloses", "Event$Difference.connections");
    bounded(
        "a number for each message or request whose gateway waits for the answer",
        "InFlight.requests",
        "Unanswered.taken");
    bounded(
        "at most HELD_RELEASES_MAX releases of HELD_BYTES_MAX for each gateway and group",
        "Ownership$Peer.held");
    bounded(
        "one for each gateway that this host knows of, or waits for",
        "LeftoverCloses.waiting",
        "Ownership$GivenUp.gone",
        "Ownership$GivenUp.known",
        "Ownership.peers",
        "Routes.parts");
    bounded(
        "the ids of actors that have connections of one gateway",
        "Ownership$Announcement.bereft",
        "Ownership$Peer.bereft");
    bounded("the actors that were dropped and whose commits are on their way", "ActorHost.leaving");
    bounded(
        "at most RequestRows.NUMBERS_MAX numbers of RequestRows.GATEWAYS_MAX gateways",
        "RequestRows.numbers");
    bounded(
        "an answer to an event that is repeated, gone when it is handed on",
        "Repeats$Vain.consequence",
        "Repeats$Vain.records");
    bounded("an answer of the host's own, gone when it is made", "Answers$Answer.response");
    bounded(
        "verdicts, a few words for each turn that was lost; those turns are bounded by what is"
            + " unanswered",
        "CommitPipeline$Lost.answers");
    bounded(
        "bounded for one turn by ActorOptions.turnBytesMax, for all that wait for the store by UnsettledTurns",
        "Turn.answer",
        "Turn.asked",
        "Turn.clears",
        "Turn.outbox",
        "Activation.touched",
        "Turn.writes",
        "ActorRows.NO_WRITES",
        "ActorRows.open",
        "ActorRows.openClears",
        "ActorRows.unsettled",
        "ActorRows.unsettledClears",
        "ActorRows$StorePages.clears",
        "OutputGate$Held.release",
        "OutputGate.held",
        "RowKey.bytes");
    bounded(
        "a page of rows, while it is read",
        "ActorRows$StorePages.page",
        "TurnConnections$Pages.page",
        "ActorPage.actors",
        "ActorStatus.keptAwakeBy");
    bounded(
        "what a handler asks for, while it asks", "TurnConnections.except", "TurnConnections.tags");
    bounded(
        "the actors in memory, HostOptions.activeActorsMax, with what they have touched of their"
            + " connections",
        "ActorHost.cells",
        "ActorSearch.cells",
        "HostRounds.cells",
        "ActorCell.waitingForSleep",
        "Activation.known",
        "TurnConnection.storedAttachment",
        "UnsettledTurns.resting",
        "Quarantine.counts",
        "Quarantine.known");
    bounded(
        "a number for each message whose sender asks what becomes of it, for as long as it is held",
        "Questions.outcomes",
        "Questions.seen");
    bounded(
        "alarms under way, AlarmClock.FLIGHTS_MAX and SLOW_FLIGHTS_MAX",
        "AlarmClock$Crowd.blockedFromMs",
        "AlarmClock.crowds",
        "AlarmClock.flights",
        "AlarmLanes.cursors");
    bounded("1,024 pieces of an actor at most", "BackgroundWork.underWay");
    bounded("the threads that run actions after a commit", "Activation.outsiders");
    bounded("one for each actor type", "CallTypes.types");
    bounded(
        "what actors and the application ask: OpenCalls.OPEN_MAX calls of Call.BYTES_MAX",
        "OpenCalls.open",
        "CallTypes$Encoded.bytes");
    bounded(
        "ActorRef.TELLS_MAX calls of a sender, of TellDelivery.TOLD_BYTES_MAX in all; the rest of"
            + " what is stored is read later",
        "TellDelivery$Lane.waiting",
        "TellDelivery.lanes",
        "TellDelivery.loads",
        "TellDelivery.resting",
        "Told.call");
    bounded("one for each group of shards", "TellDelivery.unread", "TellDelivery.unswept");
    bounded(
        "what one turn has told, and its answer of Call.BYTES_MAX, until the turn is committed",
        "Turn.afterCommit",
        "Turn.callAnswer",
        "Turn.told",
        "TurnEnd.actions",
        "TurnEnd.answer",
        "TurnEnd.told");
    bounded(
        "actors in memory, which only tests run",
        "MemoryGateway$Asked.overdue",
        "MemoryGateway$Request.headers",
        "MemoryGateway$Routed.head",
        "MemoryGateway.asked",
        "MemoryGateway.routes",
        "MemoryGateway.sockets",
        "MemoryGateway.tasks",
        "MemorySocket$Channel.written");
  }

  private static boolean canHold(Class<?> type) {
    if (type.isArray()) {
      Class<?> of = type.getComponentType();
      return of == byte.class || of == char.class || !of.isPrimitive();
    }
    return HOLDING.stream().anyMatch(held -> held.isAssignableFrom(type));
  }

  private static boolean isConstant(Field field) throws IllegalAccessException {
    if (!Modifier.isStatic(field.getModifiers()) || !Modifier.isFinal(field.getModifiers())) {
      return false;
    }
    field.setAccessible(true);
    Object value = field.get(null);
    boolean isCollection = value instanceof Collection || value instanceof Map;
    return !isCollection || value.getClass().getName().contains("Immutable");
  }

  private static List<Class<?>> classes() throws IOException, URISyntaxException {
    List<Class<?>> classes = new ArrayList<>();
    URI root = Dormouse.class.getProtectionDomain().getCodeSource().getLocation().toURI();
    for (String name : PACKAGES) {
      try (Stream<Path> files = Files.walk(Path.of(root).resolve(name.replace('.', '/')))) {
        for (Path file : files.toList()) {
          String simple = file.getFileName().toString();
          if (simple.endsWith(".class") && !simple.equals("package-info.class")) {
            String path = Path.of(root).relativize(file).toString();
            classes.add(named(path.substring(0, path.length() - 6).replace('/', '.')));
          }
        }
      }
    }
    return classes;
  }

  private static Class<?> named(String name) {
    try {
      return Class.forName(name);
    } catch (ClassNotFoundException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  @DisplayName("A2 A8 A15: whatever can hold bytes of clients charges them, or is bounded")
  void everyFieldThatCanHoldBytesOfClientsIsChargedOrBounded() throws Exception {
    TreeSet<String> found = new TreeSet<>();
    List<Class<?>> classes = classes();
    assertThat(classes).hasSizeGreaterThan(100);
    Class<?> holder =
        classes.stream()
            .filter(type -> type.getName().endsWith(".ClientMemory$Holder"))
            .findFirst()
            .orElseThrow();
    for (Class<?> type : classes) {
      for (Field field : type.getDeclaredFields()) {
        if (!holder.isAssignableFrom(type)
            && !type.isEnum()
            && canHold(field.getType())
            && !isConstant(field)) {
          String name = type.getName();
          found.add(name.substring(name.lastIndexOf('.') + 1) + "." + field.getName());
        }
      }
    }
    assertThat(found)
        .as("fields that can hold bytes of clients; name each here, with what bounds it")
        .isEqualTo(new TreeSet<>(BOUNDED.keySet()));
    assertThat(BOUNDED.values()).allSatisfy(why -> assertThat(why).isNotBlank());
  }
}
