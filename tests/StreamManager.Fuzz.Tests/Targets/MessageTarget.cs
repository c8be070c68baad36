using StreamManager.Rtmp.Wire;

namespace StreamManager.Fuzz.Tests.Targets;

/// <summary>The first byte is the message type, the others are the body: control messages, commands and data.</summary>
internal static class MessageTarget
{
    public static string Run(byte[] input)
    {
        if (input.Length == 0)
            return "nothing";

        var message = new RtmpMessage((RtmpMessageType)input[0], 1, 2, input.AsMemory(1));
        switch (message.Type)
        {
            case RtmpMessageType.CommandAmf0 or RtmpMessageType.CommandAmf3:
                var command = RtmpCommand.Read(message);
                var commandAgain = RtmpCommand.Read(command.ToMessage());
                Law.Holds(command == commandAgain, "A command is written and read again equal.");
                return $"{(RtmpStatus.Find(command) is null ? "command" : "status")} {Math.Min(command.Arguments.Count, 4)} {command.TextArgument(0) is null}";

            case RtmpMessageType.DataAmf0 or RtmpMessageType.DataAmf3:
                var data = RtmpDataMessage.Read(message);
                Law.Holds(data == RtmpDataMessage.Read(data.ToMessage(1, 2)), "Data is written and read again equal.");
                Law.Holds(data == RtmpDataMessage.Read(RtmpDataMessage.ToAmf0(message)), "Data is the same as type 18.");
                return $"data {Math.Min(data.Values.Count, 4)}";

            default:
                var control = RtmpControlMessage.Read(message.Type, message.Body.Span);
                Law.Holds(control == RtmpControlMessage.Read(control.Type, control.ToBody()), "A control message is written and read again equal.");
                return control.GetType().Name;
        }
    }
}
