package dev.dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dormouse.sdk.ActorOptions;
import dev.dormouse.server.gateway.limits.ConnectionLimits;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import dev.dormouse.server.options.ServerOptions;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Checks the shape that all options share, method by method. */
class OptionsTest {
  private static final Pattern RANGE = Pattern.compile("(\\w+) (-?\\d+).* is not (\\d+) .+");

  private static Stream<Object> options() {
    return Stream.of(
        ActorOptions.defaults(),
        GatewayOptions.defaults(),
        ServerOptions.defaults(),
        ConnectionLimits.none());
  }

  private static List<Method> setters(Object options) {
    return Arrays.stream(options.getClass().getMethods())
        .filter(method -> method.getReturnType() == options.getClass())
        .filter(method -> !Modifier.isStatic(method.getModifiers()))
        .filter(method -> method.getParameterCount() > 0)
        .toList();
  }

  @ParameterizedTest
  @MethodSource("options")
  void whatCanBeChosenCanBeReadUnderTheSameName(Object options) {
    List<String> unreadable = new ArrayList<>();
    for (Method setter : setters(options)) {
      try {
        options.getClass().getMethod(setter.getName());
      } catch (NoSuchMethodException e) {
        unreadable.add(setter.getName());
      }
    }
    assertThat(setters(options)).isNotEmpty();
    assertThat(unreadable).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("options")
  void aNumberOrTimeOutOfRangeIsRefusedWithItsNameAndItsRange(Object options) throws Exception {
    for (Method setter : setters(options)) {
      Class<?> type = setter.getParameterTypes()[0];
      if (type == int.class || type == long.class || type == Duration.class) {
        String refusal = refusal(options, setter, valueOf(type, -1)).orElse("not refused");
        Matcher range = RANGE.matcher(refusal);
        assertThat(range.matches()).as("%s: %s", setter, refusal).isTrue();
        assertThat(range.group(1)).isEqualTo(setter.getName());
        assertThat(range.group(2)).isEqualTo("-1");
        long floor = Long.parseLong(range.group(3));
        assertThat(refusal(options, setter, valueOf(type, floor - 1))).isPresent();
        Object least = valueOf(type, floor);
        assertThat(read(setter.invoke(options, least), setter.getName())).isEqualTo(least);
        if (!refusal.endsWith(" or more")) {
          Object most = type == Duration.class ? Duration.ofDays(366) : valueOf(type, 1 << 30);
          assertThat(refusal(options, setter, most)).isPresent();
        }
      }
    }
  }

  private static Object valueOf(Class<?> type, long number) {
    return type == Duration.class
        ? Duration.ofMillis(number)
        : type == int.class ? (Object) (int) number : (Object) number;
  }

  private static Object read(Object options, String name) throws Exception {
    Object read = options.getClass().getMethod(name).invoke(options);
    return read instanceof OptionalInt number
        ? (Object) number.orElseThrow()
        : read instanceof Optional<?> time ? time.orElseThrow() : read;
  }

  private static Optional<String> refusal(Object options, Method setter, Object value)
      throws Exception {
    try {
      setter.invoke(options, value);
      return Optional.empty();
    } catch (InvocationTargetException e) {
      assertThat(e.getCause()).isInstanceOf(IllegalArgumentException.class);
      return Optional.of(String.valueOf(e.getCause().getMessage()));
    }
  }
}
