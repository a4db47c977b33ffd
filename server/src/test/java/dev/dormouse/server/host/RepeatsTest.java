package dev.dormouse.server.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.CloseReason;
import dev.dormouse.sdk.Connection;
import dev.dormouse.sdk.ConnectionFailedException;
import dev.dormouse.sdk.ConnectionId;
import dev.dormouse.sdk.FailurePolicy;
import dev.dormouse.sdk.Header;
import dev.dormouse.sdk.HttpAnswer;
import dev.dormouse.sdk.HttpRequest;
import dev.dormouse.sdk.HttpResponse;
import dev.dormouse.server.host.Script.Actor;
import dev.dormouse.server.host.Script.Note;
import dev.dormouse.server.protocol.Payload;
import dev.dormouse.server.protocol.ToGateway;
import dev.dormouse.server.protocol.ToGateway.Close;
import dev.dormouse.server.protocol.ToGateway.Ended;
import dev.dormouse.server.protocol.ToGateway.Handled;
import dev.dormouse.server.protocol.ToGateway.Rejected;
import dev.dormouse.server.protocol.ToGateway.Responded;
import dev.dormouse.server.protocol.ToHost;
import dev.dormouse.storage.CommitResult;
import dev.dormouse.storage.MemoryDisk;
import dev.dormouse.storage.TurnBatch;
import dev.dormouse.storage.rows.ActorRow;
import dev.dormouse.storage.rows.ConnectionRow;
import dev.dormouse.storage.rows.KeySpan;
import dev.dormouse.storage.rows.RequestRow;
import dev.dormouse.storage.rows.Table;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Events that a gateway sends again, because it has lost the host or the answer. */
class RepeatsTest {
  private static final Close REPEATED_CLOSE =
      new Close(id(1), 1012, "what the server sent may be lost; connect again");

  /** Notes what the actor handles; a message or request that begins with "set" writes. */
  private static class Diary extends Script {
    final List<String> seen = new ArrayList<>();

    @Override
    void onMessage(Actor self, Connection<Object> from, String text) {
      seen.add(text);
      if (text.startsWith("set")) {
        self.store().put("last", text);
      } else if (text.startsWith("attach")) {
        from.attach(new Note(text, 1));
      } else if (text.startsWith("fail")) {
        throw new IllegalStateException("as asked");
      }
    }

    @Override
    void onClose(Actor self, Connection<Object> gone, CloseReason reason) {
      seen.add("close of " + gone.id() + " " + reason.code());
    }

    @Override
    void onError(Actor self, Connection<Object> connection, ConnectionFailedException error) {
      seen.add("error of " + connection.id());
      self.store().put("last", "error");
    }

    @Override
    HttpAnswer onRequest(Actor self, HttpRequest request) throws Exception {
      String query = request.head().query("do").orElse("");
      seen.add(query);
      if (query.startsWith("set")) {
        self.store().put("last", query);
      } else if (query.equals("clear")) {
        self.store().put("last", query);
        self.store().delete("last");
      }
      return HttpResponse.text(201, "done " + query).with("X-Kind", "first");
    }
  }

  private final MemoryDisk disk = new MemoryDisk();
  private final Diary diary = new Diary();
  private final TestHost node = TestHost.losable(disk, diary, FailurePolicy.KEEP_OPEN);

  private static ConnectionId id(long number) {
    return ConnectionId.of(1, number);
  }

  private static void tell(TestHost host, ToHost record) {
    host.tell((ToHost.ForActor) record);
    host.steps.runAll();
  }

  private static ToHost message(long sequence, String text, boolean isRepeat) {
    return new ToHost.Message(TestHost.ROOM, id(1), sequence, Payload.text(text), isRepeat);
  }

  private static ToHost closed(long number) {
    return new ToHost.Closed(
        TestHost.ROOM, id(number), CloseReason.abnormal(CloseReason.Cause.CONNECTION_LOST));
  }

  private static long asked(long number) {
    return ConnectionId.of(7, number).value();
  }

  private static ToHost request(long number, String text, long settled, boolean isRepeat) {
    return new ToHost.Request(
        TestHost.ROOM,
        asked(number),
        TestHost.head("do", text),
        new byte[0],
        asked(settled),
        isRepeat);
  }

  private static long sequence(TestHost host) {
    byte[] row =
        host.store.get(
            TestHost.ROOM, Table.CONNECTION, ByteBuffer.allocate(8).putLong(id(1).value()).array());
    return row == null ? -1 : ConnectionRow.decode(row).sequence();
  }

  private static List<Long> answers(TestHost host) {
    return host.store.keys(TestHost.ROOM, Table.REQUEST, KeySpan.all(), 99).stream()
        .map(RequestRow::requestOf)
        .map(number -> new ConnectionId(number).number())
        .toList();
  }

  private static List<String> responses(List<ToGateway> heard) {
    return heard.stream()
        .filter(Responded.class::isInstance)
        .map(Responded.class::cast)
        .map(
            answer ->
                new ConnectionId(answer.request()).number()
                    + " "
                    + answer.response().status()
                    + " "
                    + new String(answer.response().body(), StandardCharsets.UTF_8))
        .toList();
  }

  // Messages.

  @Test
  void aRepeatOfAMessageThatTookEffectIsNotHandledAndItsConnectionIsClosed() {
    node.connect("ada");
    tell(node, message(1, "set a", false));
    assertThat(sequence(node)).isEqualTo(1);
    node.heard();
    tell(node, message(1, "set a", true));
    assertThat(node.heard()).containsExactly(new Handled(id(1), 1), REPEATED_CLOSE);
    tell(node, message(2, "set b", true));
    assertThat(node.heard()).containsExactly(new Handled(id(1), 2), REPEATED_CLOSE);
    tell(node, closed(1));
    assertThat(node.heard()).containsExactly(new Ended(id(1)));
    tell(node, message(1, "set a", true));
    assertThat(node.heard()).containsExactly(new Ended(id(1)));
    assertThat(diary.seen).containsExactly("set a", "close of 1.1 1006");
  }

  @Test
  void anotherHostKnowsTheRepeatsOfMessagesThatTookEffect() {
    node.connect("ada");
    tell(node, message(1, "attach a", false));
    tell(node, message(2, "look", false));
    tell(node, message(3, "set a", false));
    Diary later = new Diary();
    TestHost next = TestHost.losable(disk, later, FailurePolicy.KEEP_OPEN);
    tell(next, message(3, "set a", true));
    assertThat(next.heard()).containsExactly(new Handled(id(1), 3), REPEATED_CLOSE);
    assertThat(later.seen).isEmpty();
    tell(next, closed(1));
    assertThat(later.seen).containsExactly("close of 1.1 1006");
  }

  @Test
  void aRepeatOfAMessageThatWroteNothingIsHandledAgain() {
    node.connect("ada");
    tell(node, message(1, "set a", false));
    tell(node, message(2, "look", false));
    assertThat(sequence(node)).isEqualTo(1);
    TestHost next = TestHost.losable(disk, diary, FailurePolicy.KEEP_OPEN);
    tell(next, message(2, "look", true));
    tell(next, message(3, "set b", true));
    assertThat(next.heard()).containsExactly(new Handled(id(1), 2), new Handled(id(1), 3));
    assertThat(diary.seen).containsExactly("set a", "look", "look", "set b");
    assertThat(sequence(next)).isEqualTo(3);
  }

  @Test
  void aRepeatOfAMessageWhoseTurnFailedIsHandledAgain() {
    node.connect("ada");
    tell(node, message(1, "fail", false));
    assertThat(sequence(node)).isZero();
    tell(node, message(1, "fail", true));
    assertThat(diary.seen).containsExactly("fail", "fail");
  }

  @Test
  void aRepeatWaitsForTheCommitOfTheFirstTurnAndIsLostWithIt() {
    node.connect("ada");
    node.heard();
    node.store.hold();
    tell(node, message(1, "set a", false));
    tell(node, message(1, "set a", true));
    assertThat(node.heard()).isEmpty();
    node.store.lose(new CommitResult.Unknown(new IllegalStateException("gone")));
    node.store.letAllThrough();
    node.steps.runAll();
    assertThat(node.heard())
        .containsExactly(
            new Handled(id(1), 1),
            new Close(id(1), 1011, "not stored"),
            new Handled(id(1), 1),
            new Close(id(1), 1011, "not stored"));
    assertThat(diary.seen).containsExactly("set a");
  }

  @Test
  void aMessageOfAConnectionThatIsNotStoredIsNotHandled() {
    node.connect("ada");
    tell(node, closed(1));
    node.heard();
    tell(node, message(1, "set a", false));
    assertThat(node.heard()).containsExactly(new Ended(id(1)));
    assertThat(diary.seen).containsExactly("close of 1.1 1006");
  }

  @Test
  void aFailureOfAConnectionThatIsNotStoredIsNotHandled() {
    node.connect("bo");
    node.heard();
    tell(
        node,
        new ToHost.Failed(
            TestHost.ROOM,
            id(9),
            "reset",
            CloseReason.abnormal(CloseReason.Cause.CONNECTION_LOST)));
    assertThat(node.heard()).isEmpty();
    assertThat(diary.seen).isEmpty();
  }

  @Test
  void anErrorThatTookEffectIsNotHandledAgainEvenByTheNextOwner() {
    node.connect("ada");
    tell(node, message(1, "set a", false));
    ToHost failed =
        new ToHost.Failed(
            TestHost.ROOM, id(1), "reset", CloseReason.abnormal(CloseReason.Cause.CONNECTION_LOST));
    tell(node, failed);
    tell(node, failed);
    TestHost next = TestHost.losable(disk, diary, FailurePolicy.KEEP_OPEN);
    tell(next, failed);
    tell(next, closed(1));
    assertThat(diary.seen).containsExactly("set a", "error of 1.1", "close of 1.1 1006");
  }

  @Test
  void anActorThatHasNothingButKeptAnswersHasNoRowAndKnowsItsRequests() {
    tell(node, request(1, "clear", 1, false));
    assertThat(node.hibernate()).isTrue();
    assertThat(node.store.get(TestHost.ROOM, Table.ACTOR, ActorRow.KEY)).isNull();
    assertThat(answers(node)).containsExactly(1L);
    node.heard();
    tell(node, request(1, "clear", 1, true));
    assertThat(responses(node.heard())).containsExactly("1 201 done clear");
    assertThat(diary.seen).containsExactly("clear");
  }

  @Test
  void theNumberOfAMessageKeepsTheOtherPartsOfTheRow() {
    node.connect("ada");
    tell(node, message(1, "attach much", false));
    assertThat(node.hibernate()).isTrue();
    tell(node, message(2, "set b", false));
    assertThat(node.hibernate()).isTrue();
    byte[] key = ByteBuffer.allocate(8).putLong(id(1).value()).array();
    ConnectionRow row = ConnectionRow.decode(node.store.get(TestHost.ROOM, Table.CONNECTION, key));
    assertThat(row.sequence()).isEqualTo(2);
    assertThat(row.attachment()).isNotNull();
    assertThat(row.request()).isNotNull();
  }

  @Test
  void aNodeThatCannotLoseItsGatewayWritesNoMoreThanTheHandlers() {
    TestHost one = new TestHost(new MemoryDisk(), diary);
    one.connect("ada");
    one.message(id(1), "set a");
    one.request();
    assertThat(sequence(one)).isZero();
    int before = one.store.kept().size();
    one.message(id(1), "set b");
    List<TurnBatch> kept = one.store.kept();
    assertThat(kept).hasSize(before + 1);
    assertThat(kept.get(before).writes())
        .extracting(TurnBatch.Write::table)
        .containsExactly(Table.VALUE);
    one.heard();
    one.close(id(1), 1000);
    assertThat(one.heard()).isEmpty();
    assertThat(answers(one)).isEmpty();
  }

  // Closes.

  @Test
  void aCloseIsToldToHaveEndedOnceItIsStored() {
    node.connect("ada");
    node.heard();
    node.store.hold();
    tell(node, closed(1));
    tell(node, closed(1));
    assertThat(node.heard()).isEmpty();
    node.store.letAllThrough();
    assertThat(node.heard()).containsExactly(new Ended(id(1)), new Ended(id(1)));
    assertThat(diary.seen).containsExactly("close of 1.1 1006");
  }

  @Test
  void aCloseWhoseCommitIsLostIsToldToHaveEndedWhenItIsStoredAfterAll() {
    node.connect("ada");
    node.heard();
    node.store.hold();
    tell(node, closed(1));
    tell(node, closed(1));
    node.store.lose(new CommitResult.Unknown(new IllegalStateException("gone")));
    node.store.letAllThrough();
    node.steps.runAll();
    assertThat(node.heard()).isEmpty();
    node.pass(TestHost.TICK.multipliedBy(8));
    assertThat(node.heard()).contains(new Ended(id(1)));
    assertThat(sequence(node)).isEqualTo(-1);
  }

  @Test
  void aCloseWhoseHandlerFailsIsToldToHaveEnded() {
    TestHost failing =
        TestHost.losable(
            new MemoryDisk(),
            new Script() {
              @Override
              void onClose(Actor self, Connection<Object> gone, CloseReason reason) {
                throw new IllegalStateException("as asked");
              }
            },
            FailurePolicy.CLOSE);
    failing.connect("ada");
    failing.heard();
    tell(failing, closed(1));
    assertThat(failing.heard()).containsExactly(new Ended(id(1)));
    assertThat(failing.status().connections()).isZero();
  }

  @Test
  void aCloseOfAConnectionThatIsNotStoredIsToldToHaveEnded() {
    tell(node, closed(5));
    assertThat(node.heard()).containsExactly(new Ended(id(5)));
    assertThat(diary.seen).isEmpty();
  }

  // Upgrades.

  @Test
  void anUpgradeUnderTheIdOfAStoredConnectionIsRejectedAndThatConnectionIsClosedOnce() {
    node.connect("ada");
    node.heard();
    tell(node, TestHost.open(1));
    List<ToGateway> heard = node.heard();
    assertThat(heard).hasSize(3);
    assertThat(((Rejected) heard.get(0)).response().status()).isEqualTo(503);
    assertThat(heard.get(1)).isEqualTo(new Close(id(1), 1012, "the upgrade was asked twice"));
    assertThat(heard.get(2)).isEqualTo(new Ended(id(1)));
    tell(node, message(1, "set a", false));
    tell(node, closed(1));
    assertThat(diary.seen).containsExactly("close of 1.1 1006");
    assertThat(node.status().connections()).isZero();
  }

  // Requests.

  @Test
  void aRepeatOfARequestThatTookEffectGetsTheSameAnswer() {
    tell(node, request(1, "set a", 0, false));
    List<ToGateway> first = node.heard();
    tell(node, request(1, "set a", 0, true));
    TestHost next = TestHost.losable(disk, diary, FailurePolicy.KEEP_OPEN);
    tell(next, request(1, "set a", 0, true));
    assertThat(responses(first)).containsExactly("1 201 done set a");
    assertThat(node.heard()).isEqualTo(first);
    List<ToGateway> later = next.heard();
    assertThat(responses(later)).containsExactly("1 201 done set a");
    assertThat(((Responded) later.get(0)).response().headers())
        .contains(new Header("X-Kind", "first"));
    assertThat(diary.seen).containsExactly("set a");
  }

  @Test
  void aRepeatOfARequestThatWroteNothingIsHandledAgain() {
    tell(node, request(1, "look", 0, false));
    tell(node, request(1, "look", 0, true));
    assertThat(responses(node.heard())).containsExactly("1 201 done look", "1 201 done look");
    assertThat(diary.seen).containsExactly("look", "look");
    assertThat(answers(node)).isEmpty();
  }

  @Test
  void aRepeatOfARequestWithATooLargeAnswerIsToldThatTheAnswerIsLost() {
    TestHost large =
        TestHost.losable(
            disk,
            new Diary() {
              @Override
              HttpAnswer onRequest(Actor self, HttpRequest request) throws Exception {
                super.onRequest(self, request);
                return HttpResponse.text(200, "x".repeat((16 << 10) + 1));
              }
            },
            FailurePolicy.KEEP_OPEN);
    tell(large, request(1, "set a", 0, false));
    large.heard();
    tell(large, request(1, "set a", 0, true));
    assertThat(responses(large.heard()))
        .containsExactly("1 504 the request took effect, and its answer is lost");
  }

  @Test
  void anAnswerThatComesLaterIsKeptWithItsTurn() {
    CompletableFuture<HttpResponse> answer = new CompletableFuture<>();
    TestHost late =
        TestHost.losable(
            disk,
            new Diary() {
              @Override
              HttpAnswer onRequest(Actor self, HttpRequest request) throws Exception {
                super.onRequest(self, request);
                return HttpAnswer.later(answer);
              }
            },
            FailurePolicy.KEEP_OPEN);
    tell(late, request(1, "set a", 0, false));
    tell(late, request(1, "set a", 0, true));
    assertThat(answers(late)).isEmpty();
    answer.complete(HttpResponse.text(202, "late"));
    late.steps.runAll();
    assertThat(responses(late.heard())).containsExactly("1 202 late", "1 202 late");
    assertThat(answers(late)).containsExactly(1L);
  }

  @Test
  void anAnswerOfALostCommitIsLostForTheRepeatToo() {
    node.store.hold();
    tell(node, request(1, "set a", 0, false));
    tell(node, request(1, "set a", 0, true));
    node.store.lose(new CommitResult.Unknown(new IllegalStateException("gone")));
    node.store.letAllThrough();
    node.steps.runAll();
    assertThat(responses(node.heard()))
        .containsExactly(
            "1 503 the actor could not be stored", "1 503 the actor could not be stored");
    tell(node, request(1, "set a", 0, true));
    node.store.letAllThrough();
    assertThat(responses(node.heard())).containsExactly("1 201 done set a");
  }

  @Test
  void answersThatNobodyWaitsForAreRemovedWithTheNextRequest() {
    tell(node, request(1, "set a", 0, false));
    tell(node, request(2, "set b", 0, false));
    tell(node, request(3, "set c", 2, false));
    assertThat(answers(node)).containsExactly(2L, 3L);
    assertThat(node.hibernate()).isTrue();
    tell(node, request(4, "look", 4, false));
    assertThat(answers(node)).containsExactly(2L, 3L);
    tell(node, request(5, "set e", 4, false));
    assertThat(answers(node)).containsExactly(5L);
  }

  @Test
  void answersOfOtherGatewaysStay() {
    tell(node, request(1, "set a", 0, false));
    long other = ConnectionId.of(8, 1).value();
    tell(
        node,
        new ToHost.Request(
            TestHost.ROOM,
            other,
            TestHost.head("do", "set b"),
            new byte[0],
            ConnectionId.of(8, 1).value(),
            false));
    assertThat(node.store.keys(TestHost.ROOM, Table.REQUEST, KeySpan.all(), 9)).hasSize(2);
  }

  @Test
  void veryManyAnswersAreRemovedAtOnce() {
    for (int i = 1; i <= 300; i++) {
      tell(node, request(i, "set " + i, 0, false));
    }
    assertThat(node.store.keys(TestHost.ROOM, Table.REQUEST, KeySpan.all(), 999)).hasSize(300);
    tell(node, request(301, "set last", 300, false));
    assertThat(answers(node)).containsExactly(300L, 301L);
    tell(node, request(302, "set more", 302, false));
    assertThat(answers(node)).containsExactly(302L);
  }
}
