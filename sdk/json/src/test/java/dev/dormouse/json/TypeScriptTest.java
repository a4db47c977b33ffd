package dev.dormouse.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TypeScriptTest {
  /** An actor whose messages have names of other messages. */
  abstract static class Board extends JsonActor<String, Board.In, Talk.Out> {
    sealed interface In {}

    record Say(String text) implements In {}

    @JsonName("add-all")
    record AddAll(@JsonName("the items") List<Talk.In> items) implements In {}
  }

  @Test
  void theFileDeclaresTheMessagesOfAnActorAndAllThatTheyAreMadeOf() {
    String text = TypeScript.of(List.of(Board.class));
    assertThat(text)
        .isEqualTo(
            """
            // The messages of dev.dormouse.json.TypeScriptTest$Board.
            // dev.dormouse.json.TypeScript writes this file: change the Java classes, not the file.
            // A property with a question mark may be missing or null; the server leaves it out then.

            /** Says why a message was refused. The connection stays open. */
            export interface Refusal {
              type: "error";
              code: string;
              message: string;
            }

            export type In = Say | AddAll;

            export type Out = Drawn | Said;

            export interface Say {
              type: "Say";
              text: string;
            }

            export interface AddAll {
              type: "add-all";
              "the items": TalkIn[];
            }

            export interface Drawn {
              type: "Drawn";
              line: Line;
            }

            export interface Said {
              type: "Said";
              by: string;
              text: string;
            }

            export type TalkIn = Everything | Line | TalkSay | Rename;

            export interface Line {
              type: "Line";
              points: Point[];
              color: Color;
            }

            export interface Everything {
              type: "Everything";
              flag: boolean;
              small: number;
              shorter: number;
              whole: number;
              large: number;
              single: number;
              fraction: number;
              boxed: number;
              exact: string;
              price: string;
              id: string;
              at: string;
              day: string;
              took: string;
              color: Color;
              maybe?: string | null;
              place?: Point | null;
              count?: number | null;
              gaps: (number | null)[];
              names: (string | null)[];
              colors: Color[];
              lines: Record<string, Point[]>;
              weights: Partial<Record<Color, number>>;
              votes: Record<string, boolean | null>;
              quoted: TalkIn[];
              tree?: Tree | null;
            }

            export interface TalkSay {
              type: "Say";
              text: string;
            }

            export interface Rename {
              type: "rename";
              to: string;
              reason?: string | null;
            }

            export interface Point {
              x: number;
              y: number;
            }

            export type Color = "RED" | "GREEN";

            export interface Tree {
              name: string;
              branches: Tree[];
            }
            """);
    assertThat(TypeScript.of(List.of(Board.In.class, Talk.Out.class)).lines().skip(1))
        .containsExactlyElementsOf(text.lines().skip(1).toList());
  }

  @Test
  void theProgramWritesTheFile(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("web/src/messages.ts");
    TypeScript.main(file.toString(), Board.class.getName());
    assertThat(file).hasContent(TypeScript.of(List.of(Board.class)));
    assertThatThrownBy(() -> TypeScript.write(file, List.of("com.example.None")))
        .hasMessageStartingWith("there is no class com.example.None on the class path");
    assertThatThrownBy(() -> TypeScript.of(List.of(String.class)))
        .hasMessageStartingWith("java.lang.String is not a sealed interface");
    assertThat(Files.readString(file)).startsWith("// The messages of");
  }
}
