namespace PlantedCircle.Second;

/// <summary>Uses the next folder of a circle of three.</summary>
public class Middle
{
    public Third.End? Next { get; set; }
}
