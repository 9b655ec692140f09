namespace Kd.Settings;

/// <summary>Limits of the calls between services: what a client splits its calls by is what servers accept.</summary>
public static class CallLimits
{
    /// <summary>Largest gRPC message, bytes.</summary>
    public const int LargestMessage = 64 << 20;

    /// <summary>Largest size of the pixels in one call, bytes; the rest of the message is left to ids and framing.</summary>
    public const int LargestPixels = LargestMessage - (1 << 20);

    /// <summary>Largest width and height of a view, px.</summary>
    public const int LargestSide = 1024;
}
