package dev.dormouse.server.cluster.raft;

import com.alipay.sofa.jraft.rpc.RpcRequests;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import java.util.List;

/**
 * The messages between nodes, on the wire: the number of the type (1) and the message's own bytes.
 * Only the types of a fixed table are written and read.
 */
final class RaftMessages {
  /** The types by their numbers, from 1. The table only grows at its end. */
  private static final List<Message> TYPES =
      List.of(
          RpcRequests.PingRequest.getDefaultInstance(),
          RpcRequests.ErrorResponse.getDefaultInstance(),
          RpcRequests.InstallSnapshotRequest.getDefaultInstance(),
          RpcRequests.InstallSnapshotResponse.getDefaultInstance(),
          RpcRequests.TimeoutNowRequest.getDefaultInstance(),
          RpcRequests.TimeoutNowResponse.getDefaultInstance(),
          RpcRequests.RequestVoteRequest.getDefaultInstance(),
          RpcRequests.RequestVoteResponse.getDefaultInstance(),
          RpcRequests.AppendEntriesRequest.getDefaultInstance(),
          RpcRequests.AppendEntriesResponse.getDefaultInstance(),
          RpcRequests.GetFileRequest.getDefaultInstance(),
          RpcRequests.GetFileResponse.getDefaultInstance(),
          RpcRequests.ReadIndexRequest.getDefaultInstance(),
          RpcRequests.ReadIndexResponse.getDefaultInstance());

  private RaftMessages() {}

  /**
   * Returns the bytes of a message.
   *
   * @throws IllegalArgumentException if its type is not in the table
   */
  static byte[] encode(Object message) {
    for (int i = 0; i < TYPES.size(); i++) {
      if (TYPES.get(i).getClass() == message.getClass()) {
        byte[] bytes = ((Message) message).toByteArray();
        byte[] encoded = new byte[bytes.length + 1];
        encoded[0] = (byte) (i + 1);
        System.arraycopy(bytes, 0, encoded, 1, bytes.length);
        return encoded;
      }
    }
    throw new IllegalArgumentException(
        "messages of the type " + message.getClass().getName() + " are not sent");
  }

  /**
   * Reads a message.
   *
   * @throws IllegalArgumentException if the bytes are no message of the table
   */
  static Message decode(byte[] encoded) {
    if (encoded.length == 0 || encoded[0] < 1 || encoded[0] > TYPES.size()) {
      throw new IllegalArgumentException("the bytes are of no known type of message");
    }
    Message type = TYPES.get(encoded[0] - 1);
    try {
      return type.getParserForType().parseFrom(encoded, 1, encoded.length - 1);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException(
          "the bytes are no " + type.getDescriptorForType().getName() + ": " + e.getMessage(), e);
    }
  }
}
