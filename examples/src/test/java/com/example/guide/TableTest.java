package com.example.guide;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dormouse.json.TypeScript;
import dev.dormouse.testkit.TestActors;
import dev.dormouse.testkit.TestClient;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The tests of messages as types. */
class TableTest {
  @RegisterExtension
  final TestActors actors = TestActors.of("/table/:key", Table.class, Table::new);

  // tag::talk
  @Test
  void guestsTalkInRecords() {
    TestClient ada = actors.connect("/table/a?name=ada");
    TestClient bo = actors.connect("/table/a?name=bo");
    ada.send("{\"type\":\"Say\",\"text\":\"hello\"}");
    Instant now = actors.now();
    bo.expect("{\"type\":\"Said\",\"by\":\"ada\",\"text\":\"hello\",\"at\":\"" + now + "\"}");
    bo.send("{\"type\":\"Sing\"}");
    bo.expect(
        "{\"type\":\"error\",\"code\":\"unknown_type\",\"message\":\"the message has as its 'type'"
            + " the text 'Sing'; the types are Rename, Say, WhoIsHere\"}");
  }

  // end::talk

  // tag::crash
  @Test
  void afterACrashTheListHasThoseWhoAreConnected() {
    TestClient ada = actors.connect("/table/a?name=ada");
    TestClient bo = actors.connect("/table/a?name=bo");
    bo.send("{\"type\":\"WhoIsHere\",\"$id\":1}");
    bo.expect("{\"$re\":1,\"type\":\"Here\",\"names\":[\"ada\",\"bo\"]}");
    actors.crash();
    ada.expectClosed(1006);
    TestClient cy = actors.connect("/table/a?name=cy");
    cy.send("{\"type\":\"WhoIsHere\",\"$id\":\"first\"}");
    cy.expect("{\"$re\":\"first\",\"type\":\"Here\",\"names\":[\"cy\"]}");
  }

  // end::crash

  @Test
  void aNewNameIsToldToAllAndAConnectionThatEndedIsNotHere() {
    TestClient ada = actors.connect("/table/a?name=ada");
    TestClient bo = actors.connect("/table/a?name=bo");
    bo.send("{\"type\":\"Rename\",\"name\":\"bob\",\"$id\":2}");
    ada.expect("{\"type\":\"Here\",\"names\":[\"ada\",\"bob\"]}");
    bo.expect("{\"type\":\"Here\",\"names\":[\"ada\",\"bob\"]}", "{\"$re\":2}");
    ada.close();
    actors.hibernate("/table/a");
    bo.send("{\"type\":\"WhoIsHere\",\"$id\":3}");
    bo.expect("{\"$re\":3,\"type\":\"Here\",\"names\":[\"bob\"]}");
  }

  @Test
  void thePageKnowsTheTypes() {
    String text = TypeScript.of(List.of(Table.class));
    assertTrue(
        text.contains(
            """
            export type In = Rename | Say | WhoIsHere;

            export type Out = Here | Said;
            """),
        text);
    assertTrue(
        text.contains(
            """
            export interface Said {
              type: "Said";
              by: string;
              text: string;
              at: string;
            }
            """),
        text);
  }
}
