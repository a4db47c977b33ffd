package dev.dormouse.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.AlphaChars;
import net.jqwik.api.constraints.NotEmpty;
import org.junit.jupiter.api.Test;

class ActorIdTest {

  @Test
  void refusesABlankName() {
    assertThatIllegalArgumentException().isThrownBy(() -> new ActorId(" "));
  }

  @Property(tries = 20)
  void keepsTheName(@ForAll @AlphaChars @NotEmpty String name) {
    assertThat(new ActorId(name).value()).isEqualTo(name);
  }
}
