package dev.dormouse.server.cluster.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.alipay.sofa.jraft.rpc.CliRequests;
import com.alipay.sofa.jraft.rpc.RpcRequests;
import com.alipay.sofa.jraft.util.RpcFactoryHelper;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Tests the messages between nodes. */
class RaftMessagesTest {
  @Test
  void whatNodesTellOfTheirGroupsIsReadAsItWasWritten() {
    Progress progress =
        new Progress(
            true,
            List.of(
                new Progress.Group(true, false, 7, 6, 3),
                new Progress.Group(false, true, Long.MAX_VALUE, 0, -1)));
    byte[] bytes = progress.encode();
    assertThat(Progress.decode(bytes)).isEqualTo(progress);
    assertThat(Progress.decode(new Progress(false, List.of()).encode()).takesGroups()).isFalse();
    for (int length = 0; length < bytes.length; length++) {
      byte[] cut = Arrays.copyOf(bytes, length);
      assertThatIllegalArgumentException().isThrownBy(() -> Progress.decode(cut));
    }
  }

  @Test
  void messagesAreReadAsTheyWereWrittenUnderNumbersThatNeverChange() {
    RpcRequests.ReadIndexResponse response =
        RpcRequests.ReadIndexResponse.newBuilder().setIndex(7).setSuccess(true).build();
    byte[] bytes = RaftMessages.encode(response);
    assertThat(bytes[0]).isEqualTo((byte) 14);
    assertThat(RaftMessages.decode(bytes)).isEqualTo(response);
    assertThat(
            RaftMessages.encode(RpcRequests.PingRequest.newBuilder().setSendTimestamp(1).build()))
        .startsWith(1);
    assertThat(
            RaftMessages.encode(
                RpcRequests.AppendEntriesResponse.newBuilder().setTerm(1).setSuccess(true).build()))
        .startsWith(10);
  }

  @Test
  void otherMessagesAreNotSentAndHostileBytesAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RaftMessages.encode(CliRequests.GetPeersRequest.getDefaultInstance()));
    Random random = new Random(3);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = new byte[random.nextInt(60)];
      random.nextBytes(bytes);
      if (bytes.length > 0 && i % 2 == 0) {
        bytes[0] = (byte) random.nextInt(16);
      }
      try {
        assertThat(RaftMessages.decode(bytes)).isNotNull();
      } catch (IllegalArgumentException e) {
        assertThat(e).hasMessageContaining("bytes");
      }
    }
  }

  @Test
  void theEnginesOwnNetworkIsNotUsed() {
    assertThat(RpcFactoryHelper.rpcFactory()).isInstanceOf(LinkRpcFactory.class);
    assertThat(getClass().getClassLoader().getResource("com/alipay/remoting/rpc/RpcServer.class"))
        .isNull();
  }
}
