namespace PlantedCircle.Third;

/// <summary>Uses the next folder of a circle of three.</summary>
public class End
{
    public First.Start? Next { get; set; }
}
